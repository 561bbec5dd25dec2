//! What OpenStack Heat adds to a server's user-data: a part handler in Python
//! that places files for its tools, and a script in Python that runs what the
//! stack's author wrote, `cfn-userdata`. Both are known by what they name, and
//! their work is done without Python.
//!
//! Source: heat/cloudinit in OpenStack's Heat.

use super::part::{Kind, Part, clean_name};
use crate::text::contains;
use alloc::string::String;

/// The content type of the parts that Heat's handler places.
pub(super) const DATA: &str = "text/x-cfninitdata";

/// Where Heat's tools look for them.
pub const FOLDER: &str = "/var/lib/heat-cfntools";

/// Where its tools before version 1.3 do.
pub const OLD_FOLDER: &str = "/var/lib/cloud/data";

/// The file that Heat's script runs.
const USER_SCRIPT: &str = "cfn-userdata";

/// What does the work of Heat's script: runs `cfn-userdata`, keeps its output in a log, and
/// leaves a file when it has ended well. The output reaches the script's own when all of it is
/// there: a pipe would be held open by what the user's script leaves behind.
pub const PROVISION: &str = r#"#!/bin/sh
# Created by glowplug in place of Heat's loguserdata.py, which needs Python.
folder=/var/lib/heat-cfntools
script=$folder/cfn-userdata
log=/var/log/heat-provision.log

: >>"$log" && chmod 600 "$log" || exit
seen=$(wc -c <"$log")
echo "Provision began: $(date)" >>"$log"
status=0
first=
[ -e "$script" ] && read -r first <"$script"
case $first in
'#!'*) chmod 700 "$script" && "$script" >>"$log" 2>&1 || status=$? ;;
*) [ -e "$script" ] || status=1; echo "$script is empty, not a script, or not there: it is not run" >>"$log" ;;
esac
echo "Provision done: $(date)" >>"$log"
if [ "$status" = 0 ]; then
    touch "$folder/provision-finished" || status=$?
else
    echo "Provision failed with exit status $status" >>"$log"
fi
tail -c "+$((seen + 1))" "$log"
exit "$status"
"#;

/// Whether a part handler is Heat's.
#[inline(never)]
pub(super) fn is_handler(content: &[u8]) -> bool {
    names_all(content, &[DATA, FOLDER])
}

/// Whether a part is Heat's script that runs `cfn-userdata`.
pub fn is_provision_script(part: &Part) -> bool {
    part.kind == Kind::Script
        && part.filename == "loguserdata.py"
        && names_all(&part.content, &[FOLDER, USER_SCRIPT, "provision-finished"])
}

fn names_all(content: &[u8], names: &[&str]) -> bool {
    core::str::from_utf8(content).is_ok_and(|text| names.iter().all(|name| contains(text, name)))
}

/// The name and mode of the file that a part of [`Kind::HeatData`] becomes.
pub fn data_file(part: &Part) -> (String, u32) {
    let name = clean_name(&part.filename);
    let mode = if name == USER_SCRIPT { 0o700 } else { 0o600 };
    (name, mode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_data::assemble;
    use alloc::format;

    const HANDLER: &str =
        "#part-handler\nFOLDER = '/var/lib/heat-cfntools'\ntypes = ['text/x-cfninitdata']\n";

    #[test]
    fn heats_handler_and_data_are_no_problem_and_another_handler_is() {
        let heat = assemble("user-data", HANDLER.as_bytes());
        assert_eq!((heat.parts[0].kind, heat.problems.len()), (Kind::PartHandler, 0));
        let other = assemble("user-data", HANDLER.replace("cfninit", "my").as_bytes());
        assert_eq!(
            other.problems[0].text(),
            "unable to run part handler part-001 of user-data: this version runs no Python"
        );
        let message = "MIME-Version: 1.0\nContent-Type: text/x-cfninitdata\n\
                       Content-Disposition: attachment; filename=\"../cfn-init-data\"\n\n{}\n";
        let data = assemble("user-data", message.as_bytes());
        assert_eq!((data.parts[0].kind, data.problems.len()), (Kind::HeatData, 0));
        assert_eq!(data_file(&data.parts[0]), (".._cfn-init-data".into(), 0o600));
    }

    #[test]
    fn a_script_of_that_name_that_does_something_else_is_no_script_of_heats() {
        let part = |name: &str, text: &str| {
            let message = format!(
                "MIME-Version: 1.0\nContent-Type: text/x-shellscript\n\
                 Content-Disposition: attachment; filename=\"{name}\"\n\n{text}"
            );
            assemble("user-data", message.as_bytes()).parts.remove(0)
        };
        let text = "#!/usr/bin/env python3\n'/var/lib/heat-cfntools' 'cfn-userdata' 'provision-finished'\n";
        assert!(is_provision_script(&part("loguserdata.py", text)));
        assert!(!is_provision_script(&part("loguserdata.py", "#!/bin/sh\n")));
        assert!(!is_provision_script(&part("mine.py", text)));
    }
}
