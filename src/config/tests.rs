//! Broken configurations and what is said about them; good ones and what they mean.

use super::*;
use std::path::{Path, PathBuf};

/// Loads a fixture; its lines `#! env NAME=value` and `#! set key=value` are environment and flags.
fn load_fixture(path: &Path) -> Loaded {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let pairs = |word: &str| -> Vec<(String, String)> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(word));
        let pairs = lines.filter_map(|line| line.trim().split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    load_with(&[path.to_owned()], &pairs("#! set "), &pairs("#! env "))
}

fn sorted(folder: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn load_text(text: &str) -> Loaded {
    load_layers(text, &[], &[])
}

fn load_layers(text: &str, flags: &[(&str, &str)], variables: &[(&str, &str)]) -> Loaded {
    let number = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let name = format!("walbrook-{:?}-{}.toml", std::thread::current().id(), number.as_nanos());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect()
    };
    let loaded = load_with(std::slice::from_ref(&path), &owned(flags), &owned(variables));
    std::fs::remove_file(&path).unwrap();
    loaded
}

const MINIMAL: &str = r#"
    kafka.brokers = "k:9092"
    registry.url = "http://r:8081/"
    [connectors.my-shop]
    url = "postgres://walbrook@db.example/shop"
    topic_prefix = "shop"
"#;

fn postgres(connector: &Connector) -> &Postgres {
    let Source::Postgres(own) = &connector.source else { panic!("{connector:?}") };
    own
}

fn mysql(connector: &Connector) -> &MySql {
    let Source::MySql(own) = &connector.source else { panic!("{connector:?}") };
    own
}

#[test]
fn every_broken_configuration_is_told_in_one_sentence_with_code_place_and_fix() {
    let mut out = String::new();
    for path in sorted("tests/broken-config") {
        let loaded = load_fixture(&path);
        assert!(!loaded.problems.is_empty(), "{} is not broken", path.display());
        for problem in &loaded.problems {
            let one_sentence = problem.message.ends_with('.') && !problem.message.contains('\n');
            assert!(one_sentence && !problem.fix.is_empty(), "{}", problem.message);
        }
        let told = problem::report(&loaded.problems);
        assert!(!told.contains("hunter2") && !loaded.printed.contains("hunter2"), "{told}");
        out.push_str(&format!("──── {}\n{told}\n\n", path.display()));
    }
    insta::assert_snapshot!("broken", out);
}

#[test]
fn every_example_is_a_good_configuration() {
    let mut seen = 0;
    for path in sorted("config") {
        if path.extension().is_some_and(|extension| extension == "toml") {
            let loaded = load_with(std::slice::from_ref(&path), &[], &[]);
            assert!(loaded.problems.is_empty(), "{}", problem::report(&loaded.problems));
            seen += 1;
        }
    }
    assert!(seen >= 2);
}

#[test]
fn the_reference_shows_every_setting() {
    let text = std::fs::read_to_string("config/reference.toml").unwrap();
    // The other servers have keys of their own, and the reference shows those as comments.
    let mysql = MINIMAL.replace("postgres://walbrook@db.example/shop", "mysql://u@h");
    let printed = load_with(&[PathBuf::from("config/reference.toml")], &[], &[]).printed;
    let loaded = Loaded { printed: printed + &load_text(&mysql).printed, ..load_text("") };
    for line in loaded.printed.lines().filter(|line| !line.starts_with('[') && !line.is_empty()) {
        let key = line.trim_start_matches("# ").split(" =").next().unwrap();
        assert!(text.contains(&format!("{key} = ")), "{key} is not in config/reference.toml");
    }
}

#[test]
fn settings_fit_on_a_page_and_eight_are_needed_at_most() {
    let loaded = load_text(MINIMAL);
    let count = loaded.printed.lines().filter(|line| line.contains(" =")).count();
    assert!(count <= 60, "{count}: {}", loaded.printed);
    let mysql = load_text(&MINIMAL.replace("postgres", "mysql"));
    assert!(mysql.printed.lines().filter(|line| line.contains(" =")).count() <= 60);
    assert_eq!(load_text("").problems.len(), 3, "brokers, registry and a connector");
}

#[test]
fn a_minimal_configuration_has_safe_defaults() {
    let config = load_text(MINIMAL).config.unwrap();
    let shop = &config.connectors["my-shop"];
    assert_eq!(config.admin.listen.to_string(), "127.0.0.1:8083");
    assert_eq!(config.registry.url, ["http://r:8081"]);
    let own = postgres(shop);
    assert_eq!(
        (own.slot.as_str(), own.publication.as_str()),
        ("walbrook_walbrook_my_shop", "walbrook_walbrook_my_shop")
    );
    assert_eq!(shop.tls.mode, TlsMode::VerifyFull);
    assert_eq!(shop.skipped_operations, Operations { truncate: true, ..Operations::default() });
    assert!(shop.captures("public.anything") && shop.heartbeat.is_zero() && shop.tombstones);
}

#[test]
fn mysql_and_mariadb_have_their_own_defaults() {
    let text = |url: &str| MINIMAL.replace("postgres://walbrook@db.example/shop", url);
    let read = |text: &str| load_text(text).config.unwrap().connectors["my-shop"].clone();
    let shop = read(&text("mysql://walbrook@db.example/shop"));
    assert_eq!((shop.url.server, shop.url.port), (Server::MySql, 3306));
    assert_eq!(shop.values.temporal, Temporal::AdaptiveTimeMicroseconds);
    let own = mysql(&shop);
    assert_eq!((own.server_id, own.bigint_unsigned), (None, BigintUnsigned::Long));
    assert!(own.adjust_years && !own.schema_changes && !own.include_query && !own.comments);
    assert!(shop.captures("shop.orders") && !shop.captures("shop2.orders"), "the URL's database");
    let odd = read(&text("mariadb://walbrook@db.example/sh*p"));
    assert!(odd.captures("sh*p.t") && !odd.captures("shop.t"));
    assert!(read(&text("mariadb://walbrook@db.example")).captures("any.table"));
    let more = "tables = [\"shop.*\", \"crm.o?\"]\nserver_id = 4294967295";
    let both = read(&format!("{}\n{more}", text("mysql://u@h/shop")));
    assert!(both.captures("crm.o1") && !both.captures("crm.t"));
    assert_eq!(mysql(&both).server_id, Some(u32::MAX));
}

#[test]
fn defaults_that_one_kind_of_server_has_are_for_its_connectors_only() {
    let text = format!(
        "{MINIMAL}\n[connectors.b]\nurl = \"mysql://u@h\"\ntopic_prefix = \"b\"\n[defaults]\nslot_failover = true\ninclude_query = true"
    );
    let config = load_text(&text).config.unwrap();
    assert!(postgres(&config.connectors["my-shop"]).slot_failover);
    assert!(mysql(&config.connectors["b"]).include_query);
}

#[test]
fn flag_over_environment_over_file_over_defaults() {
    let text = format!("{MINIMAL}\n[defaults]\nslot = \"from_defaults\"\nbinary = \"hex\"");
    let slot =
        |loaded: Loaded| postgres(&loaded.config.unwrap().connectors["my-shop"]).slot.clone();
    let variable = ("WALBROOK__CONNECTORS__MY_SHOP__SLOT", "from_environment");
    let flag = ("connectors.my-shop.slot", "from_flag");
    assert_eq!(slot(load_text(&text)), "from_defaults");
    let file = text.replace("topic_prefix", "slot = \"from_file\"\ntopic_prefix");
    assert_eq!(slot(load_text(&file)), "from_file");
    assert_eq!(slot(load_layers(&file, &[], &[variable])), "from_environment");
    assert_eq!(slot(load_layers(&file, &[flag], &[variable])), "from_flag");
}

#[test]
fn text_from_the_environment_becomes_numbers_flags_and_lists() {
    let variables = [
        ("WALBROOK__KAFKA__PARTITIONS", "6"),
        ("WALBROOK__KAFKA__CLIENT__SASL_PASSWORD", "hunter2"),
        ("WALBROOK__CONNECTORS__MY_SHOP__TABLES", "public.a, public.b"),
        ("WALBROOK__CONNECTORS__MY_SHOP__TOMBSTONES", "false"),
        ("WALBROOK__CONNECTORS__MY_SHOP__PASSWORD", "hunter2"),
        ("WALBROOK__CONNECTORS__MY_SHOP__TLS__MODE", "disable"),
    ];
    let loaded = load_layers(MINIMAL, &[], &variables);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    assert!(!loaded.printed.contains("hunter2"));
    let config = loaded.config.unwrap();
    let shop = &config.connectors["my-shop"];
    assert_eq!(config.kafka.partitions, 6);
    assert_eq!(config.kafka.client_properties().unwrap()["sasl.password"], "hunter2");
    assert!(shop.captures("public.b") && !shop.captures("public.c") && !shop.tombstones);
    assert_eq!(shop.password.as_ref().unwrap().read().unwrap(), "hunter2");
    assert_eq!(shop.tls.mode, TlsMode::Disable);
}

#[test]
fn what_is_printed_is_the_same_configuration_with_origins() {
    let text = format!(
        "{MINIMAL}password = {{ env = \"SHOP\" }}\nheartbeat = \"90s\"\nkeys = [{{ table = \"public.t\", columns = [\"a\"] }}]\n[kafka.client]\nsecurity.protocol = \"ssl\""
    );
    let first = load_layers(&text, &[("kafka.partitions", "3")], &[]);
    assert!(
        first.printed.contains("# --set kafka.partitions") && first.printed.contains("# default")
    );
    let second = load_text(&first.printed);
    let plain = |config: Option<Config>| format!("{:?}", config.unwrap());
    assert_eq!(plain(first.config), plain(second.config));
}

#[test]
fn later_files_win_and_folders_are_read() {
    let folder = std::env::temp_dir().join(format!("walbrook-folder-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("connectors.d")).unwrap();
    std::fs::write(
        folder.join("walbrook.toml"),
        "kafka.brokers = \"k:1\"\nregistry.url = \"http://r\"",
    )
    .unwrap();
    let shop = "[connectors.a]\nurl = \"postgres://u@127.0.0.1/a\"\ntopic_prefix = \"a\"";
    std::fs::write(folder.join("connectors.d/a.toml"), shop).unwrap();
    let more = folder.join("more.toml");
    std::fs::write(&more, "kafka.brokers = \"k:2\"").unwrap();
    let loaded = load_with(&[folder.clone(), more], &[], &[]);
    std::fs::remove_dir_all(&folder).unwrap();
    let config = loaded.config.unwrap();
    assert_eq!((config.kafka.brokers.as_str(), config.connectors.len()), ("k:2", 1));
    assert_eq!(config.connectors["a"].tls.mode, TlsMode::Disable);
}

#[test]
fn the_longest_glob_decides_compatibility() {
    let text = format!(
        "{MINIMAL}\n[registry.compatibility]\n\"*\" = \"NONE\"\n\"shop.*-value\" = \"FULL\""
    );
    let registry = load_text(&text).config.unwrap().registry;
    assert_eq!(registry.level("shop.public.t-value"), Some("FULL"));
    assert_eq!(registry.level("crm.public.t-value"), Some("NONE"));
}

#[test]
fn validation_takes_less_than_a_tenth_of_a_second() {
    let started = std::time::Instant::now();
    load_with(&[PathBuf::from("config/reference.toml")], &[], &[]);
    assert!(started.elapsed() < std::time::Duration::from_millis(100));
}

#[test]
fn masks_are_read_and_their_salts_are_not_shown() {
    let text = format!(
        "{MINIMAL}\nexclude_columns = [\"public.*.secret\"]\nmask = [\n\
         {{ columns = [\"public.t.a\"], length = 3 }},\n\
         {{ columns = [\"public.t.b\"], hash = \"sha-256\", salt = \"s3cret\", hash_version = 1 }},\n\
         {{ columns = [\"public.t.c\"], truncate = 5 }},\n\
         {{ columns = [\"public.t.d\"], with = \"\" }}]\n"
    );
    let loaded = load_text(&text);
    assert!(loaded.problems.iter().all(|p| p.severity == Severity::Warning));
    assert!(!loaded.printed.contains("s3cret"), "{}", loaded.printed);
    let config = loaded.config.unwrap();
    let shop = &config.connectors["my-shop"];
    let forms: Vec<_> = shop.columns.masks.iter().map(|mask| mask.form.clone()).collect();
    assert_eq!(forms[0], MaskForm::Constant("***".into()));
    assert!(matches!(forms[1], MaskForm::Hash { .. }));
    assert_eq!(forms[2..], [MaskForm::Truncate(5), MaskForm::Constant(String::new())]);
    assert!(!format!("{config:?} {:?}", shown(shop)).contains("s3cret"));
    assert!(shown(shop)["mask"].contains(r#"hash = "SHA-256", hash_version = 1, salt = "***""#));
}

#[test]
fn a_mask_that_says_too_much_or_too_little_is_told() {
    for (mask, text) in [
        ("{ columns = [\"a.b.c\"] }", "in one way"),
        ("{ columns = [\"a.b.c\"], with = \"*\", length = 1 }", "in one way"),
        ("{ columns = [\"a.b.c\"], with = \"*\", salt = \"x\" }", "belongs to `hash`"),
        ("{ columns = [\"a.b.c\"], hash = \"SHA-256\" }", "no `salt`"),
        ("{ columns = [\"a.b.c\"], hash = \"CRC\", salt = { env = \"S\" } }", "cannot be \"CRC\""),
        ("{ columns = [], length = 1 }", "no columns"),
        ("{ with = \"*\" }", "no `columns`"),
        ("\"a.b.c\"", "a list of masks"),
    ] {
        let loaded = load_text(&format!("{MINIMAL}\nmask = [{mask}]\n"));
        let messages: Vec<_> = loaded.problems.iter().map(|p| p.message.as_str()).collect();
        assert!(messages.iter().any(|message| message.contains(text)), "{mask}: {messages:?}");
    }
}

#[test]
fn logical_messages_are_postgresqls_alone() {
    let said = |config: String| -> Vec<String> {
        let problems = load_text(&config).problems;
        let errors = problems.into_iter().filter(|p| p.severity == Severity::Error);
        errors.map(|problem| problem.message).collect()
    };
    let more = "messages = [\"a*\", \"\"]";
    assert!(said(format!("{MINIMAL}\n{more}\n"))[0].contains("the pattern is empty"));
    let more = "messages = [\"a*\"]\n[connectors.my-shop.outbox]\nmessages = \"/out.*/\"";
    assert_eq!(said(format!("{MINIMAL}\n{more}\n")), [""; 0]);
    let mysql = MINIMAL.replace("postgres://walbrook@db.example/shop", "mysql://u@h");
    assert_eq!(
        said(format!("{mysql}\n{more}\n")),
        [
            "`messages` is a setting of PostgreSQL, and `url` names MySQL.",
            "MySQL has no logical messages."
        ]
    );
}
