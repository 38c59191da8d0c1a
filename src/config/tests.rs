//! What loading the settings promises.

use std::path::PathBuf;

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

fn from_file(directory: &tempfile::TempDir, text: &str) -> Sources {
    let path = directory.path().join("gateway.toml");
    std::fs::write(&path, text).unwrap();
    Sources { file: Some(path), ..Sources::default() }
}

/// The message of the error that loading `text` as a file ends in, the path shortened.
fn file_error(text: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let error = load(&from_file(&directory, text)).unwrap_err().to_string();
    error.replace(&*directory.path().to_string_lossy(), "…")
}

fn environment_error(name: &str, value: &str) -> String {
    load(&Sources { environment: environment(&[(name, value)]), ..Sources::default() }).unwrap_err().to_string()
}

#[test]
fn the_default_file_is_what_is_loaded_and_names_every_setting() {
    let loaded = load(&Sources::default()).unwrap();
    // No field has a default in code and none may be unknown, so this succeeds only if file and types agree.
    let file: Settings = toml::from_str(DEFAULT_FILE).unwrap();
    assert_eq!(loaded.settings, file);
    assert!(loaded.entries.iter().all(|entry| entry.origin == Origin::Default));
}

#[test]
fn every_setting_in_the_default_file_has_a_comment_above_it() {
    let mut commented = false;
    for line in DEFAULT_FILE.lines() {
        match line {
            line if line.starts_with('#') => commented = true,
            "" => commented = false,
            line if line.starts_with('[') => commented = false,
            line => assert!(commented, "{line}"),
        }
    }
}

#[test]
fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
    let directory = tempfile::tempdir().unwrap();
    let mut sources = from_file(&directory, "[scim]\nmax_page_size = 201\nrate_limit = 1\nrate_burst = 7\n");
    sources.environment =
        environment(&[("SECARO_SCIM__MAX_PAGE_SIZE", "202"), ("SECARO_SCIM__RATE_LIMIT", "2"), ("PATH", "x")]);
    sources.flags = vec![("scim.max_page_size", "203".to_owned())];
    let Loaded { settings, entries } = load(&sources).unwrap();
    let origin = |key: &str| entries.iter().find(|entry| entry.key == key).unwrap().origin.clone();
    assert_eq!((settings.scim.max_page_size.get(), origin("scim.max_page_size")), (203, Origin::Flag));
    assert_eq!((settings.scim.rate_limit.get(), origin("scim.rate_limit")), (2, Origin::Environment));
    assert_eq!((settings.scim.rate_burst.get(), origin("scim.rate_burst")), (7, Origin::File(sources.file.unwrap())));
    assert_eq!((settings.scim.default_page_size.get(), origin("scim.default_page_size")), (100, Origin::Default));
}

#[test]
fn an_unknown_setting_is_an_error_with_the_nearest_name() {
    assert_eq!(
        file_error("[scim]\nmax_pagesize = 5\n"),
        "unknown setting \"scim.max_pagesize\" in …/gateway.toml; did you mean \"scim.max_page_size\"?"
    );
    assert_eq!(
        environment_error("SECARO_SCIM__MAX_PAGE_SIZES", "5"),
        "unknown setting SECARO_SCIM__MAX_PAGE_SIZES in the environment; did you mean SECARO_SCIM__MAX_PAGE_SIZE?"
    );
    assert_eq!(
        environment_error("SECARO_LISTEN", "x"),
        "unknown setting SECARO_LISTEN in the environment; did you mean SECARO_SERVER__LISTEN?"
    );
    assert_eq!(
        file_error("[zebra]\n"),
        "unknown setting \"zebra\" in …/gateway.toml; `secaro-gateway config print` lists all settings"
    );
    assert_eq!(
        file_error("server = 1\n"),
        "unknown setting \"server\" in …/gateway.toml: server is a section, write [server] and its settings below"
    );
}

#[test]
fn a_wrong_value_is_an_error_that_names_key_and_place_but_not_the_value() {
    assert_eq!(
        file_error("[scim]\nmax_page_size = \"many\"\n"),
        "scim.max_page_size in …/gateway.toml: expected a whole number"
    );
    assert_eq!(
        environment_error("SECARO_SCIM__MAX_PAGE_SIZE", "many"),
        "scim.max_page_size in the environment: expected a whole number"
    );
    assert_eq!(
        environment_error("SECARO_SERVER__BODY_TIMEOUT", "30"),
        "server.body_timeout in the environment: expected a length of time such as \"500ms\", \"10s\", \"5m\", \"12h\" \
         or \"180d\""
    );
    assert!(environment_error("SECARO_SCIM__RATE_LIMIT", "0").starts_with("scim.rate_limit in the environment: "));
    assert!(environment_error("SECARO_SERVER__LISTEN", "8080").contains("socket address"));
    assert!(environment_error("SECARO_LOG__FORMAT", "xml").contains("`auto`, `pretty`, `json`"));
    let secret = environment_error("SECARO_DATABASE__URL", "mysql://root:hunter2@host/db");
    assert_eq!(secret, "database.url in the environment: expected postgres://…, or the path of a SQLite file");
}

#[test]
fn a_file_that_is_not_there_or_not_toml_says_so() {
    let missing = Sources { file: Some(PathBuf::from("/nowhere/gateway.toml")), ..Sources::default() };
    assert!(
        load(&missing).unwrap_err().to_string().starts_with("cannot read the settings file /nowhere/gateway.toml: ")
    );
    assert!(file_error("[server]\nlisten = \n").starts_with("…/gateway.toml, line 2: not valid TOML: "));
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let cases = [
        ("SECARO_SCIM__MAX_PAGE_SIZE", "50", "scim.default_page_size"),
        ("SECARO_SERVER__MAX_GROUP_BODY_BYTES", "5", "server.max_group_body_bytes"),
        ("SECARO_TOKENS__MAX_LIFETIME", "1d", "tokens.default_lifetime"),
        ("SECARO_SERVER__PUBLIC_URL", "scim.example.com", "server.public_url"),
        ("SECARO_SERVER__PUBLIC_URL", "https://user@scim.example.com", "server.public_url"),
        ("SECARO_SERVER__PUBLIC_URL", "https://scim.example.com/?a", "server.public_url"),
        ("SECARO_LOG__LEVEL", "loud=very", "log.level"),
        ("SECARO_SCIM__MAX_JSON_DEPTH", "100000", "scim.max_json_depth"),
    ];
    for (variable, value, key) in cases {
        let message = environment_error(variable, value);
        assert!(message.starts_with(key), "{variable}={value}: {message}");
    }
}

#[test]
fn the_database_url_can_stand_in_a_file_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("url");
    std::fs::write(&path, "postgres://u:p@h/d\n").unwrap();
    let mut flags = vec![("database.url_file", path.display().to_string())];
    let loaded = load(&Sources { flags: flags.clone(), ..Sources::default() }).unwrap();
    assert_eq!(loaded.settings.database.url, "postgres://u:p@h/d");
    assert!(loaded.entries.iter().all(|entry| !entry.value.contains("u:p")));
    flags.push(("database.url", "other.db".to_owned()));
    assert!(load(&Sources { flags, ..Sources::default() }).unwrap_err().to_string().contains("keep one of them"));
}

#[test]
fn printed_settings_show_no_password() {
    let sources = Sources { flags: vec![("database.url", "postgres://gw:p@ss@h/d".to_owned())], ..Sources::default() };
    let entry = load(&sources).unwrap().entries.into_iter().find(|entry| entry.key == "database.url").unwrap();
    assert_eq!(entry.value, "\"postgres://gw:***@h/d\"");
    assert_eq!(entry.variable, "SECARO_DATABASE__URL");
}
