//! Configurations that are wrong, and what agents are told.

use ecology_minds::MindConfig;

fn told(text: &str) -> String {
    match MindConfig::parse(text) {
        Ok(config) => panic!("accepted: {}", config.to_text()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn errors() {
    let trader = "mind = 'zero_intelligence'\nrole = 'buyer'\ngood = 'apple'\nprice_max = 200\n";
    let cases = [
        ("empty", String::new()),
        ("prose", "You are a helpful agent.".to_owned()),
        ("no mind", "delay_mean = 3".to_owned()),
        ("unknown mind", "# greedy\nmind = \"greedy\"".to_owned()),
        ("mind is a number", "mind = 3".to_owned()),
        ("json cut off", "{\"mind\": \"idle\"".to_owned()),
        ("json list", "[1, 2]".to_owned()),
        ("json unknown field", "{\"mind\": \"idle\",\n \"delay\": 3}".to_owned()),
        ("json wrong shape", "{\"mind\": \"idle\",\n \"delay_mean\": \"soon\"}".to_owned()),
        ("unknown field", "mind = 'random_transfer'\ndelay = 3".to_owned()),
        ("negative", "mind = 'random_transfer'\ndelay_mean = -3".to_owned()),
        ("float", "mind = 'random_transfer'\ndelay_mean = 0.5".to_owned()),
        ("too long a delay", "mind = 'random_transfer'\ndelay_mean = 9223372036854775807".to_owned()),
        ("missing values", trader.to_owned()),
        ("no values", format!("{trader}values = []")),
        ("zero value", format!("{trader}values = [5, 0]")),
        ("value above price_max", format!("{trader}values = [5, 201]")),
        ("zero period", format!("{trader}values = [5]\nperiod_ticks = 0")),
        ("role", trader.replace("buyer", "thief") + "values = [1]"),
        ("good with a line feed", "mind = 'builder'\ngood = \"a\\nb\"".to_owned()),
        ("prices crossed", "mind = 'builder'\nprice_min = 9\nprice_max = 3".to_owned()),
        ("unknown event", "mind = 'sleeper'\nevents = ['sunrise']".to_owned()),
        ("bad id", "mind = 'sleeper'\nartifacts = ['-a']".to_owned()),
        ("inner is wrong", "mind = 'slow'\n[inner]\nmind = 'builder'\nasks_max = 0".to_owned()),
        ("inner in inner", "mind = 'slow'\n[inner]\nmind = 'slow'".to_owned()),
        ("too long", "#".repeat(100_001)),
    ];
    let told: String = cases.iter().map(|(name, text)| format!("{name}: {}\n", told(text))).collect();
    insta::assert_snapshot!(told);
}

#[test]
fn deep_nesting_is_an_error_not_a_crash() {
    for open in ["[", "{\"mind\":"] {
        told(&open.repeat(20_000));
        told(&format!("mind = 'idle'\nx = {}", open.repeat(20_000)));
        told(&format!("{{\"mind\": \"idle\", \"x\": {}", open.repeat(20_000)));
    }
}

#[test]
fn texts() {
    let configs: String = MindConfig::NAMES
        .iter()
        .filter_map(|name| MindConfig::parse(&format!("mind = '{name}'")).ok())
        .map(|config| config.to_text() + "\n")
        .collect();
    insta::assert_snapshot!(configs);
}
