//! `tordesc parse`: what rows look like, and what becomes of documents that cannot be read.

mod common;

use common::{DESCRIPTOR, FINGERPRINT, broken, run, run_with, write};

const STATUS: &str = "\
@type bridge-network-status 1.2
published 2024-12-16 14:00:00
r mars ABEiM0RVZneImaq7zN3u/wARIjM AAAAAAAAAAAAAAAAAAAAAAAAAAA 2024-12-16 13:00:00 192.0.2.1 9001 0
s Fast Running Valid
r venus AREiM0RVZneImaq7zN3u/wARIjM AAAAAAAAAAAAAAAAAAAAAAAAAAA 2024-12-16 13:00:00 192.0.2.2 443 0
a [2001:db8::1]:443
s Running
";

/// Nothing in a log says that it is one, but for the name of its file.
#[test]
fn a_log_of_any_name_is_read_where_logs_are_asked_for() {
    let log = "0.0.0.0 - - [07/Oct/2015:00:00:00 +0000] \"GET / HTTP/1.1\" 200 12 \"-\" \"-\" -\n";
    let asked = run_with(&["parse", "-t", "web-server-access-log", "-"], log.repeat(2).as_bytes());
    let row: serde_json::Value = serde_json::from_str(&asked.stdout).expect("one row");
    assert_eq!((row["lines"].as_array().map(Vec::len), asked.code), (Some(2), 0));
    assert_eq!(run_with(&["parse", "-"], log.as_bytes()).code, 1);
}

#[test]
fn a_row_says_where_it_is_from_before_its_fields() {
    let parsed = run_with(&["parse", "-"], DESCRIPTOR.as_bytes());
    assert_eq!((parsed.code, parsed.stderr.as_str()), (0, ""));
    let head = r#"{"type":"server-descriptor","source":"-","offset":28,"digest":{"sha1":""#;
    assert!(parsed.stdout.starts_with(head), "{}", parsed.stdout);
    let row: serde_json::Value = serde_json::from_str(&parsed.stdout).expect("JSON");
    assert_eq!(row["nickname"], "mars");
    assert_eq!(row["published"], "2024-12-16T14:02:03Z");
    assert_eq!(row["fingerprint"], FINGERPRINT);
    assert_eq!(row["exit_policy"], serde_json::json!(["reject 192.0.2.0/24:*", "accept *:80", "reject *:*"]));
    assert_eq!(row["family"], serde_json::Value::Null);
}

#[test]
fn chosen_fields_come_in_the_order_of_choice() {
    let parsed =
        run_with(&["parse", "--format", "csv", "--fields", "contact,nickname", "-"], DESCRIPTOR.as_bytes());
    let lines: Vec<_> = parsed.stdout.lines().collect();
    assert_eq!(lines[0], "type,source,offset,digest_sha1,digest_sha256,contact,nickname");
    assert!(lines[1].ends_with(r#","someone, ""quoted""",mars"#), "{}", lines[1]);
    let unknown = run(&["parse", "--type", "server-descriptor", "--fields", "nicknam", "-"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""));
    assert!(unknown.stderr.contains("did you mean nickname?"), "{}", unknown.stderr);
}

#[test]
fn entries_are_rows_of_their_own() {
    let arguments = ["parse", "--entries", "--format", "csv", "--fields", "nickname,flags,or_port", "-"];
    let parsed = run_with(&arguments, STATUS.as_bytes());
    assert_eq!(parsed.code, 0, "{}", parsed.stderr);
    let [mars, venus] = ["r mars", "r venus"].map(|start| STATUS.find(start).expect("it stands there"));
    assert_eq!(
        parsed.stdout,
        format!(
            "type,source,offset,nickname,flags,or_port\n\
             bridge-network-status,-,{mars},mars,Fast;Running;Valid,9001\n\
             bridge-network-status,-,{venus},venus,Running,443\n"
        )
    );
    let none = run_with(&["parse", "--entries", "-"], DESCRIPTOR.as_bytes());
    assert_eq!((none.code, none.stdout.as_str()), (0, ""));
    assert!(none.stderr.contains("1 document of types without entries"), "{}", none.stderr);
}

#[test]
fn what_cannot_be_read_is_a_row_and_an_exit_code() {
    let text = format!("{}{DESCRIPTOR}rubbish\n", broken());
    let text = text.replace("rubbish", "@type unheard-of 1.0\nrubbish");
    let parsed = run_with(&["parse", "-"], text.as_bytes());
    assert_eq!(parsed.code, 3);
    let rows: Vec<serde_json::Value> =
        parsed.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let types: Vec<_> = rows.iter().map(|row| row["type"].as_str()).collect();
    assert_eq!(types, [Some("unparseable"), Some("server-descriptor"), Some("unparseable")]);
    assert_eq!(rows[0]["issues"][0]["keyword"], "published");
    assert_eq!(rows[0]["issues"][0]["line"], 3);
    assert_eq!(rows[0]["length"], broken().len() as u64 - 28);
    assert!(parsed.stderr.contains("2 documents could not be read"), "{}", parsed.stderr);
    assert_eq!(run_with(&["-q", "parse", "-"], text.as_bytes()).stderr, "");
    // A type that is asked for leaves out what has none; nothing but the broken one is lost then.
    let typed = ["parse", "-t", "server-descriptor", "--format", "csv", "--fields", "nickname", "-"];
    let typed = run_with(&typed, text.as_bytes());
    assert_eq!((typed.code, typed.stdout.lines().count()), (3, 2));
    assert_eq!(run_with(&["parse", "-"], broken().as_bytes()).code, 1);
}

#[test]
fn strict_refuses_what_lenient_reads() {
    let text = DESCRIPTOR.replace("uptime 12345", "uptime many");
    assert_eq!(run_with(&["parse", "-"], text.as_bytes()).code, 0);
    let strict = run_with(&["parse", "--strict", "-"], text.as_bytes());
    assert_eq!(strict.code, 1);
    assert!(strict.stdout.contains(r#""type":"unparseable""#) && strict.stdout.contains("uptime"));
}

#[test]
fn a_table_has_the_columns_of_one_type() {
    let both = format!("{DESCRIPTOR}{STATUS}");
    let mixed = run_with(&["parse", "--format", "csv", "-"], both.as_bytes());
    assert_eq!(mixed.code, 2);
    assert!(mixed.stderr.contains("--type"), "{}", mixed.stderr);
    let one =
        run_with(&["parse", "--format", "csv", "--type", "bridge-network-status", "-"], both.as_bytes());
    assert_eq!((one.code, one.stdout.lines().count()), (0, 2));
    let common = run_with(&["parse", "--format", "csv", "--fields", "published", "-"], both.as_bytes());
    assert_eq!((common.code, common.stdout.lines().count()), (0, 3), "{}", common.stderr);
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    for file in 0..5 {
        let text: String = (0..2000)
            .map(|at| {
                DESCRIPTOR.replace("mars", &format!("mars{file}x{at}")).replace("12345", &at.to_string())
            })
            .collect();
        write(folder.path(), &format!("{file}.txt"), text.as_bytes());
    }
    let path = folder.path().to_str().expect("UTF-8");
    let [one, two, four] = ["1", "2", "4"].map(|threads| run(&["--threads", threads, "parse", path]).stdout);
    assert_eq!(one.lines().count(), 10_000);
    assert!(one == two && one == four);
}

#[test]
fn a_file_appears_when_it_is_complete() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("rows.csv");
    let path = out.to_str().expect("UTF-8");
    let text = format!("{DESCRIPTOR}{STATUS}");
    assert_eq!(run_with(&["parse", "-", "-o", path], text.as_bytes()).code, 2);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    assert_eq!(run_with(&["parse", "-", "-o", path], DESCRIPTOR.as_bytes()).code, 0);
    assert!(std::fs::read_to_string(&out).expect("the file").starts_with("type,source"));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn what_is_left_out_is_told_and_what_is_harmless_counted() {
    let policy = "reject 192.0.2.0/24:*\naccept *:80\nreject *:*\n";
    assert!(DESCRIPTOR.contains(policy));
    let cases = [
        // The only line of the policy.
        (
            DESCRIPTOR.replace(policy, "reject nonsense\n"),
            &[][..],
            3,
            "1 document with problems, of 1 a part",
        ),
        (DESCRIPTOR.replace(policy, ""), &[], 3, "of 1 a part is left out"),
        // An entry.
        (STATUS.replace("ABEiM0", "?"), &["--entries"], 3, "of 1 a part is left out"),
        (STATUS.replace("ABEiM0", "?"), &["-f", "published"], 0, "1 document with problems; `tordesc check`"),
        // An optional line is null in its row.
        (
            DESCRIPTOR.replace("uptime 12345", "uptime many"),
            &[],
            0,
            "1 document with problems; `tordesc check`",
        ),
        (DESCRIPTOR.to_owned(), &[], 0, ""),
    ];
    for (text, options, code, said) in cases {
        let parsed = run_with(&[&["parse", "-"], options].concat(), text.as_bytes());
        assert_eq!(parsed.code, code, "{}", parsed.stderr);
        assert!(
            parsed.stderr.contains(said) && parsed.stderr.is_empty() == said.is_empty(),
            "{}",
            parsed.stderr
        );
        assert_eq!(run_with(&[&["-q", "parse", "-"], options].concat(), text.as_bytes()).stderr, "");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let lost = DESCRIPTOR.replace(policy, "reject nonsense\n");
    let converted = run_with(&["convert", "-", "-o", out.to_str().expect("UTF-8")], lost.as_bytes());
    assert_eq!(converted.code, 3, "{}", converted.stderr);
}

#[test]
fn half_a_consensus_is_not_a_whole_one() {
    let Some(shared) = std::env::var_os("TORDESC_SHARED") else {
        return eprintln!("skipped: TORDESC_SHARED names no folder of real documents");
    };
    let path = std::path::Path::new(&shared).join("corpus/consensus/2020-02-29-10-consensus-6433r");
    let text = std::fs::read_to_string(&path).expect("a consensus");
    let options = ["parse", "--entries", "-f", "nickname", "-"];
    let whole = run_with(&options, text.as_bytes());
    assert_eq!((whole.code, whole.stderr.as_str()), (0, ""));
    let (half, _) = text.split_at(text.len() / 2);
    let half = run_with(&options, &half.as_bytes()[..half.rfind("\nr ").expect("an entry") + 1]);
    assert_eq!(half.code, 3, "{}", half.stderr);
    assert!(half.stderr.contains("of 1 a part is left out"), "{}", half.stderr);
    let (before, entry) = text.split_once("\nr ").expect("an entry");
    let (name, rest) = entry.split_once(' ').expect("a nickname");
    let one_less = run_with(&options, format!("{before}\nr {name} ?{rest}").as_bytes());
    assert_eq!((one_less.code, one_less.stdout.lines().count()), (3, whole.stdout.lines().count() - 1));
}

#[test]
fn types_that_fit_no_table_are_refused_before_anything_is_read() {
    let types = ["parse", "-t", "server-descriptor", "-t", "extra-info", "--format", "csv", "-f"];
    let text = format!("{DESCRIPTOR}@type extra-info 1.0\nextra-info mars {FINGERPRINT}\n");
    let refused = run_with(&[&types[..], &["fingerprint,uptime", "-"]].concat(), text.as_bytes());
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("different columns"), "{}", refused.stderr);
    let same = run_with(&[&types[..], &["nickname", "-"]].concat(), DESCRIPTOR.as_bytes());
    assert_eq!((same.code, same.stdout.lines().count()), (0, 2));
}

#[test]
fn a_column_that_is_named_twice_is_there_once() {
    let row = run_with(&["parse", "-f", "nickname,nickname", "-"], DESCRIPTOR.as_bytes());
    assert_eq!((row.code, row.stdout.matches("nickname").count()), (0, 1));
}
