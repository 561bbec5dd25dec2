//! phone_home over TLS to servers of Python's, whose certificates openssl(1)
//! makes: trusted is what the machine trusts, and nothing else.

use crate::verbs::{LISTS, META_DATA, USER_DATA, Work, answers};

/// One server: its port, certificate and oldest version of TLS. What it is sent
/// goes to standard output.
const SERVER: &str = r##"
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print(self.path, body.decode(), self.connection.version(), flush=True)
        self.send_response(200)
        self.end_headers()
    def do_GET(self):
        script = b"#!/bin/sh\necho included > /srv/included\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(script)))
        self.end_headers()
        self.wfile.write(script)
    def log_message(self, *_):
        pass
port, certificate, version = sys.argv[1:]
server = http.server.HTTPServer(("127.0.0.1", int(port)), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate)
context.maximum_version = getattr(ssl.TLSVersion, version)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"##;

const SCRIPT: &str = r#"
cd /srv
echo '127.0.0.1 home.test' >> /etc/hosts
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj "/CN=$1" -addext subjectAltName=DNS:home.test -keyout "$1.key" -out "$1.pem"
}
server() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "$4" -subj "/CN=$2" \
        -CA "$1.pem" -CAkey "$1.key" -addext "subjectAltName=$3" -addext basicConstraints=critical,CA:FALSE \
        -keyout "$2.key" -out "$2.crt"
    cat "$2.key" "$2.crt" > "$2.pem"
}
{
    authority trusted
    authority other
    server trusted good DNS:home.test,IP:127.0.0.1 2
    server trusted misnamed DNS:elsewhere.test 2
    server other foreign DNS:home.test,IP:127.0.0.1 2
} 2> openssl.log
python3 server.py 8441 good.pem TLSv1_3 > got.1441 & python3 server.py 8442 good.pem TLSv1_2 > got.1442 &
python3 server.py 8443 misnamed.pem TLSv1_3 & python3 server.py 8444 foreign.pem TLSv1_3 &
cat trusted.key trusted.pem > own.pem
cat other.key other.pem > others.pem
python3 server.py 8445 own.pem TLSv1_3 > got.1445 & python3 server.py 8446 others.pem TLSv1_3 &
for port in 8441 8442 8443 8444 8445 8446; do until (: < /dev/tcp/127.0.0.1/$port) 2> refused; do sleep 0.05; done; done
home() {
    echo "phone_home: {url: '$1', post: [instance_id], tries: 1}" > home.cfg
    glowplug single -n phone_home --frequency always --file home.cfg 2>&1 | sed 's/^glowplug.[0-9.]*.: //'
}
mv /etc/ssl/certs/ca-certificates.crt system.crt 2> refused
home https://home.test:8441/none
cp trusted.pem /etc/ssl/certs/ca-certificates.crt
home https://home.test:8441/good
home https://127.0.0.1:8442/good
home https://home.test:8443/bad
home https://home.test:8444/bad
home https://home.test:8445/own
home https://127.0.0.1:8445/bad
home https://home.test:8446/bad
cat got.1441 got.1442 got.1445
printf '#include\nhttps://home.test:8441/script\n' > user-data
glowplug cache set user-data @user-data
glowplug init 2>&1 | grep -o 'fetched.*'
cat > list.cfg <<CFG
phone_home: {url: 'https://home.test:8444/bad?secret', post: [hostname], tries: 1}
cloud_final_modules: [[phone_home, always]]
CFG
glowplug modules --mode final --file list.cfg > tables 2> stage.log; echo "status $?"
glowplug status --long | grep -v last_update
cat /run/cloud-init/result.json
kill $(jobs -p)
"#;

const ANSWERS: &str = r#"phone_home: unable to post to https://home.test:8441/none: the system trusts no certificates (package ca-certificates)
phone_home: 1 action done
phone_home: 1 action done
phone_home: unable to post to https://home.test:8443/bad: the server's certificate can't be used: it is another server's
phone_home: unable to post to https://home.test:8444/bad: the server's certificate can't be used: nobody this machine trusts has signed it
phone_home: 1 action done
phone_home: unable to post to https://127.0.0.1:8445/bad: the server's certificate can't be used: it is another server's
phone_home: unable to post to https://home.test:8446/bad: the server's certificate can't be used: nobody this machine trusts has signed it
/good instance_id=i-verbs TLSv1.3
/good instance_id=i-verbs TLSv1.2
/own instance_id=i-verbs TLSv1.3
fetched https://home.test:8441/script: 40 bytes
status 2
status: done
extended_status: degraded done
boot_status_code: enabled-by-sysvinit
detail: DataSourceConfigDrive [net,ver=2][source=/var/lib/cloud/seed/config_drive]
errors: []
recoverable_errors:
WARNING:
	- runcmd: unable to run the command at user-data:7:3: it is a mapping, not text or a list (a colon followed by a blank wants quotes around the text)
	- phone_home: unable to post to https://home.test:8444/bad: the server's certificate can't be used: nobody this machine trusts has signed it
{
 "v1": {
  "datasource": "DataSourceConfigDrive [net,ver=2][source=/var/lib/cloud/seed/config_drive]",
  "errors": []
 }
}
"#;

#[test]
fn a_server_is_told_over_tls_if_the_machine_trusts_it() {
    let work = Work::new("tls");
    work.put("boot1/seed/openstack/latest/meta_data.json", META_DATA);
    work.put("boot1/seed/openstack/latest/user_data", USER_DATA);
    work.put("boot1/root/etc/cloud/cloud.cfg.d/99-lists.cfg", LISTS);
    work.put("boot1/root/srv/server.py", SERVER);
    work.install();
    assert_eq!(answers(&work, SCRIPT), ANSWERS);
}
