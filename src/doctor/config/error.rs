use super::yaml::{MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_SCALAR_BYTES};

/// Why a text is no configuration. Nothing was taken from it, and nothing of it is repeated here but the names
/// of its first keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Nothing but white space and comments.
    #[error("there is nothing here: paste Loki's configuration, what /config prints, or the chart's values")]
    Empty,
    /// More than 2 MiB.
    #[error("this is {} KiB; a configuration may have at most {} KiB", .bytes >> 10, MAX_BYTES >> 10)]
    TooLarge {
        /// The text's length.
        bytes: usize,
    },
    /// A web page.
    #[error("this is an HTML page: paste the text that `curl -s http://LOKI:3100/config` prints")]
    Html,
    /// Too many keys and values.
    #[error("line {line}: more than {MAX_NODES} keys and values; a configuration has a few thousand")]
    TooMany {
        /// Where it becomes too much.
        line: usize,
    },
    /// Too deep.
    #[error("line {line}: nested more than {MAX_DEPTH} deep; a configuration stays below 20")]
    TooDeep {
        /// Where it becomes too deep.
        line: usize,
    },
    /// A huge value.
    #[error("line {line}: a single value of {} KiB; at most {} KiB are looked at", .bytes >> 10, MAX_SCALAR_BYTES >> 10)]
    LongValue {
        /// Where it begins.
        line: usize,
        /// Its length.
        bytes: usize,
    },
    /// A tab where YAML wants spaces.
    #[error("line {line}: a tab where YAML wants spaces: replace it by spaces")]
    Tab {
        /// Which line.
        line: usize,
    },
    /// Anything else that is no YAML.
    #[error("line {line}, column {column}: this is no YAML: {message}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// A Kubernetes object around the configuration.
    #[error(
        "this is a Kubernetes {kind}: paste what is in it, as from \
         `kubectl get configmap NAME -o jsonpath='{{.data.config\\.yaml}}'`"
    )]
    Wrapped {
        /// Its kind.
        kind: String,
    },
    /// YAML of something else.
    #[error(
        "this is neither Loki's configuration nor values of its Helm chart: it has {found}, and none of memberlist, \
         common, ingester, schema_config, deploymentMode, loki"
    )]
    Other {
        /// Its first keys.
        found: String,
    },
}
