//! Both on a loopback port: `GET /trace?id=…` and `GET /top?most=…`.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::Observer;
use super::account::{Account, Wanted, accounts};
use super::journal::Journal;
use super::traffic::{Key, Traffic};

#[derive(Deserialize)]
struct Followed {
    id: String,
}

#[derive(Deserialize)]
struct Most {
    most: Option<usize>,
}

#[derive(Clone)]
struct Parts {
    journal: Arc<Journal>,
    traffic: Arc<Traffic>,
}

/// What answers.
pub fn router(observer: &Observer) -> Router {
    let parts = Parts { journal: observer.journal.clone(), traffic: observer.traffic.clone() };
    Router::new().route("/trace", get(trace)).route("/top", get(top)).with_state(parts)
}

async fn trace(State(parts): State<Parts>, Query(followed): Query<Followed>) -> Json<Vec<Account>> {
    Json(accounts(&parts.journal, &Wanted::read(&followed.id)))
}

async fn top(State(parts): State<Parts>, Query(most): Query<Most>) -> Json<Vec<Key>> {
    Json(parts.traffic.top(most.most.unwrap_or(20)))
}
