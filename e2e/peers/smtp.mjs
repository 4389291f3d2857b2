// A mail server for tests. It prints one JSON line when it listens, and one for
// every mail that it took or refused:
//   node smtp.mjs [--port N] [--tls starttls|implicit] [--cert FILE --key FILE]
//                 [--auth USER:PASSWORD] [--fail CODE] [--times N] [--slow MS]
// --fail refuses recipients with a code such as 451 or 550, only the first N
// times with --times; --slow waits before it answers to a mail.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { SMTPServer } from "smtp-server";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    tls: { type: "string" },
    cert: { type: "string" },
    key: { type: "string" },
    auth: { type: "string" },
    fail: { type: "string" },
    times: { type: "string" },
    slow: { type: "string", default: "0" },
  },
});

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const failing = Number(values.fail ?? 0);
let failures = values.times === undefined ? Infinity : Number(values.times);

const server = new SMTPServer({
  secure: values.tls === "implicit",
  hideSTARTTLS: values.tls !== "starttls",
  authOptional: values.auth === undefined,
  disabledCommands: values.auth === undefined ? ["AUTH"] : [],
  authMethods: ["PLAIN", "LOGIN"],
  ...(values.cert && { cert: readFileSync(values.cert), key: readFileSync(values.key) }),
  onAuth(given, _session, done) {
    const known = `${given.username}:${given.password}` === values.auth;
    done(known ? null : Object.assign(new Error("no such user"), { responseCode: 535 }), known ? { user: given.username } : undefined);
  },
  onRcptTo(address, _session, done) {
    if (failing && failures > 0) {
      failures -= 1;
      say({ refused: address.address, code: failing });
      return done(Object.assign(new Error("not now"), { responseCode: failing }));
    }
    done();
  },
  onData(stream, session, done) {
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => {
      setTimeout(() => {
        say({
          from: session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map((one) => one.address),
          secure: session.secure,
          user: session.user || "",
          data: Buffer.concat(parts).toString("utf8"),
        });
        done();
      }, Number(values.slow));
    });
  },
});
server.on("error", (error) => say({ error: error.message }));
server.listen(Number(values.port), "127.0.0.1", () => say({ listening: server.server.address().port }));
