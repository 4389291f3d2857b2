// Takes what a webhook sends, at PORT, if it was signed with SECRET, and prints the changes:
//   node receiver.mjs PORT SECRET
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const [port, secret] = process.argv.slice(2);
const key = Buffer.from(secret.replace("whsec_", ""), "base64");

function signed(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": given = "" } = headers;
  if (Math.abs(Date.now() / 1000 - Number(time)) > 300) return false; // an old message, sent again by somebody else
  const wanted = Buffer.from("v1," + createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64"));
  return given.split(" ").map((one) => Buffer.from(one)).some((one) => one.length === wanted.length && timingSafeEqual(one, wanted));
}

createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  if (!signed(request.headers, body)) return response.writeHead(401).end();
  response.writeHead(204).end(); // answer first, work afterwards: a slow answer counts as none
  for (const change of JSON.parse(body).data.changes) console.log(change.kind, change.object.uri);
}).listen(Number(port), "127.0.0.1", () => console.log("listening"));
