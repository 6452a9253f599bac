//! `polcheck explain`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::args::{CommonArgs, ExplicitArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::run::{self, CacheableOptions, ExplainOptions, Explanandum};

/// Explain one decision: which policies made it, and what would turn it
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  polcheck explain -l User::\\\"alice\\\" -a view -r Doc::\\\"d1\\\" -c context.json\n  \
                  polcheck explain --request-json request.json\n  polcheck explain --row reading_test.yaml#office\n  \
                  polcheck explain --log decisions.jsonl:17\n  polcheck explain --cache\n  polcheck explain -p policies.cedar -s app.cedarschema \
                  --request-json r.json"
)]
pub(in crate::cli) struct ExplainArgs {
    /// The principal, such as 'User::"alice"'
    #[arg(short = 'l', long, value_name = "ENTITY", requires_all = ["action", "resource"])]
    principal: Option<String>,
    /// The action, such as 'Action::"view"', or view where only one action has that id
    #[arg(short, long, value_name = "ACTION", requires_all = ["principal", "resource"])]
    action: Option<String>,
    /// The resource, such as 'Doc::"d1"'
    #[arg(short, long, value_name = "ENTITY", requires_all = ["principal", "action"])]
    resource: Option<String>,
    /// A file with the context as Cedar's JSON [default: an empty context]
    #[arg(short, long, value_name = "FILE", requires = "principal")]
    context: Option<PathBuf>,
    /// A file with the request: `principal`, `action`, `resource` and `context` as Cedar's JSON, or the body of an
    /// IsAuthorized call to Amazon Verified Permissions
    #[arg(long, value_name = "FILE", conflicts_with_all = ["principal", "row", "log"])]
    request_json: Option<PathBuf>,
    /// A row of a decision table, as `polcheck test -v` names it
    #[arg(long, value_name = "PATH#NAME", conflicts_with_all = ["principal", "log"])]
    row: Option<String>,
    /// A line of a decision log, each a request in JSON with its decision and entities where it has them
    #[arg(long, value_name = "FILE:LINE", conflicts_with = "principal")]
    log: Option<String>,
    /// Say of every action what its decisions hang on, instead of explaining one: how long an answer may be kept
    #[arg(long, conflicts_with_all = ["principal", "request_json", "row", "log"])]
    cache: bool,
    #[command(flatten)]
    explicit: ExplicitArgs,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &ExplainArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?;
    let read = ReadArgs { paths: Vec::new(), explicit: args.explicit.clone() };
    if args.cache {
        let options = CacheableOptions { reading: output.reading(&read) };
        return output.show("asking about every action", || run::cacheable(&options));
    }
    let options = ExplainOptions { reading: output.reading(&read), which: which(args)? };
    output.show("explaining", || run::explain(&options))
}

fn which(args: &ExplainArgs) -> Result<Explanandum, Failure> {
    let ExplainArgs { principal, action, resource, context, request_json, row, log, .. } = args;
    if let (Some(principal), Some(action), Some(resource)) = (principal, action, resource) {
        let (principal, action, resource) = (principal.clone(), action.clone(), resource.clone());
        return Ok(Explanandum::Parts { principal, action, resource, context: context.clone() });
    }
    if let Some(path) = request_json {
        return Ok(Explanandum::File(path.clone()));
    }
    if let Some(row) = row {
        return Ok(Explanandum::Row(row.clone()));
    }
    if let Some(log) = log {
        let line = log.rsplit_once(':').and_then(|(path, line)| Some((path, line.parse().ok()?)));
        let Some((path, line)) = line else {
            return Err(Failure(format!("`--log {log}` names no line; write FILE:LINE, such as decisions.jsonl:17")));
        };
        return Ok(Explanandum::Line(PathBuf::from(path), line));
    }
    Err(Failure(
        "which request? Name it with `-l`, `-a` and `-r`, or with `--request-json`, `--row` or `--log`".to_owned(),
    ))
}
