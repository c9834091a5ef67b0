//! What an item of the report is about, with the reason that holds for all of its kind.

use serde::Serialize;

use crate::report::Fate;

macro_rules! topics {
    ($($variant:ident $fate:ident $name:literal $title:literal $why:literal,)*) => {
        /// What an item of the report is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Topic { $(#[doc = $title] $variant,)* }

        impl Topic {
            /// Every topic, in the order of the report.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word for it in the JSON report.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// A heading.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// Why, for everything under it.
            #[must_use]
            pub const fn why(self) -> &'static str {
                match self { $(Self::$variant => $why,)* }
            }

            /// What became of everything under it.
            #[must_use]
            pub const fn fate(self) -> Fate {
                match self { $(Self::$variant => Fate::$fate,)* }
            }
        }
    };
}

topics! {
    Agents Carried "agents" "agents, each with its scrip" "",
    Accounts Carried "accounts" "accounts: principals that hold or own and do not act" "",
    Artifacts Carried "artifacts" "artifacts with id, type, content and owner" "",
    Policies Carried "policies" "policies that say the same here" "",
    Settings Carried "settings" "settings" "they stand in the configuration beside the world; run with --config to keep them",

    Minds Changed "minds" "agents that rest"
        "a language model thought for them and this release has none: prompt, model and settings are kept in their configuration, and each sleeps until somebody writes one with a mind",
    Merged Changed "merged" "artifacts that are principals here"
        "what stands for itself and acts or holds is one principal: the content is its configuration, which only it may read",
    Renamed Changed "renamed" "ids that got a new name"
        "the old one cannot be an id here; everything that refers to it follows, what contents say about it does not",
    Separated Changed "separated" "ids that meant two things"
        "a principal keeps it, otherwise what came first; the other one got the next free number, and what refers to it follows",
    Owners Changed "owners" "owners that were in no balance"
        "each became an account with nothing, so that what it owns keeps its owner and nobody else can take the name",
    Stranded Changed "stranded" "what old services held for others"
        "an account of its own holds it now; the listings and bids that say for whom are not in the files, so somebody has to decide",
    Narrowed Changed "narrowed" "policies with entries that mean nobody"
        "such entries are left out; a policy never allows more than it did",
    Contracts Changed "contracts" "policies that asked a contract"
        "the code of contracts is not in the files; under access_control = policy the entry allows nobody",
    UnderContracts Changed "under_contracts" "policies that no genesis contract can say"
        "they hold as they are; if the world moves to access_control = contract, genesis_private answers until another contract is written: the owner only",
    Prices Changed "prices" "prices that had to change" "a price here is a whole number of scrip from 0 on",
    Quotas Changed "quotas" "disk quotas above the share"
        "what somebody owns already has to fit the quota",
    Limits Changed "limits" "limits that were raised" "something that exists already is larger than the default allows",
    Labels Changed "labels" "types that were rewritten" "a type is one line of at most 64 bytes here",
    Mended Changed "mended" "texts that were no text"
        "they held halves of characters; each became the sign for an unknown character",
    Shapes Changed "shapes" "contents that were no text" "content is text here: it is the JSON of what stood there",
    Moved Changed "moved" "texts too long for a configuration"
        "a mind's configuration has at most 100,000 bytes: they are artifacts of their agent that only it reads",
    Converted Changed "converted" "settings in other units" "amounts are whole numbers of the smallest unit here",
    Dollars Changed "dollars" "dollars that had more than six decimals"
        "they are rounded to the nearest micro-dollar, a half to the even one",

    Code NotCarried "code" "executables without their code"
        "a checkpoint says that there is code and does not hold it: the artifact is there, and an invocation is refused until somebody writes methods",
    Debts NotCarried "debts" "balances below zero" "there is no debt here: the balance is zero",
    Fractions NotCarried "fractions" "fractions of a scrip" "scrip is whole here: the fraction is cut off",
    Compute NotCarried "compute" "compute left in the tick"
        "what is renewable is refilled by the rules and cannot be saved up",
    Services NotCarried "services" "genesis services of the older program"
        "this world has its own services under reserved names; contents are kept here",
    Times NotCarried "times" "times of creation and change"
        "world time begins with the world; the old times are kept here",
    Fields NotCarried "fields" "fields that nothing here corresponds to" "they are kept here as they were written",
    Memory NotCarried "memory" "memory links that lead nowhere or have no place" "they are kept here",
    Configuration NotCarried "configuration" "settings without a counterpart" "they are kept here as they were written",
    AgentFiles NotCarried "agent_files" "agents of the folder that are not in the checkpoint"
        "a checkpoint says who takes part; bringing them in would make new scrip",
    Events NotCarried "events" "events of the older program"
        "they are no events of this world and are not replayed; the file stays where it is",
    Counters NotCarried "counters" "counters of the older run" "this world counts from its own beginning",
    Missing NotCarried "missing" "what is in none of these files"
        "the older program did not write it down",

    Unread Note "unread" "files that were not read" "they have no part in an import",
    Hints Note "hints" "worth knowing" "",
}
