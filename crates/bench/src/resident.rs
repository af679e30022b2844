//! Resident memory of processes, from `/proc`.

/// `VmRSS` of a process, in kilobytes. What processes share counts in each of them.
pub fn resident(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The children of a process and their names, of which the kernel keeps 15 bytes.
pub fn children(parent: u32) -> Vec<(u32, String)> {
    let folders = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = folders.filter_map(|folder| std::fs::read_to_string(folder.path().join("stat")).ok());
    let processes = stats.filter_map(|stat| process(&stat));
    processes.filter(|(_, _, known)| *known == parent).map(|(pid, name, _)| (pid, name)).collect()
}

/// Id, name and parent in `1234 (name) S 1 …`; a name may have parentheses and spaces.
fn process(stat: &str) -> Option<(u32, String, u32)> {
    let (pid, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    Some((pid.parse().ok()?, name.to_owned(), rest.split(' ').nth(1)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name() {
        assert_eq!(process("12 (read-api) S 7 12 12 0 -1"), Some((12, "read-api".to_owned(), 7)));
        assert_eq!(process("12 (a) b (c) R 7 12"), Some((12, "a) b (c".to_owned(), 7)));
        assert_eq!(process(""), None);
    }

    #[test]
    fn this_process_has_memory_and_is_a_child() {
        assert!(resident(std::process::id()).unwrap() > 100);
        let own = children(std::os::unix::process::parent_id());
        assert!(own.iter().any(|(pid, _)| *pid == std::process::id()));
    }
}
