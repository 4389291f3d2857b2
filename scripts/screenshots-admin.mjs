// Pages of the administration for scripts/screenshots.mjs, with something to see
// on them: a draft with files, a request, a change in the history.
const password = "Grenier-demo-1";
const cookies = new Map();

// The cookie of the session of one of the ready accounts of the demo.
export async function logIn(base, account) {
  if (!cookies.has(account)) {
    const answer = await fetch(base + "/login/", {
      method: "POST",
      headers: { "Content-Type": "application/json", Origin: base },
      body: JSON.stringify({ email: `${account}@demo.example`, password }),
    });
    if (!answer.ok) throw new Error(`logging in as ${account}: ${answer.status}`);
    const [name, value] = answer.headers.getSetCookie()[0].split(";")[0].split("=");
    cookies.set(account, { name, value });
  }
  return cookies.get(account);
}

// Calls the API as one of the accounts; the body is an object, or a form.
async function call(base, account, method, path, body) {
  const { name, value } = await logIn(base, account);
  const headers = { Cookie: `${name}=${value}`, Origin: base };
  if (body && !(body instanceof FormData)) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  }
  const answer = await fetch(base + path, { method, headers, body });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function upload(base, account, dataset, name, content) {
  const form = new FormData();
  form.append("file", new Blob([content]), name);
  return call(base, account, "POST", `/api/1/datasets/${dataset}/upload/`, form);
}

// Makes what the pages show, and names the pages.
export async function administration(base) {
  const me = await call(base, "producer", "GET", "/api/1/me/");
  const organization = me.organizations[0].id;
  const draft = await call(base, "producer", "POST", "/api/1/datasets/", {
    title: "Bicycles counted in Valmont, 2026", organization, private: true,
    description: "How many bicycles passed each counter of the town, by day. The values are as the counters gave them.",
  });
  const rows = Array.from({ length: 28 }, (_, day) => `quay;2026-01-${String(day + 1).padStart(2, "0")};${100 + day}`);
  await upload(base, "producer", draft.id, "how-to-read-it.pdf", "%PDF-1.4\n");
  await upload(base, "producer", draft.id, "counters.geojson", '{"type": "FeatureCollection", "features": []}');
  await upload(base, "producer", draft.id, "passages-2026.csv", ["counter;day;passages", ...rows].join("\n"));

  await call(base, "producer", "PUT", `/api/1/datasets/${draft.id}/`, {
    private: true, tags: ["bicycle", "counter", "mobility"], frequency: "daily", spatial: { zones: ["fr:commune:38185"] },
    description: "How many bicycles passed each of the twelve counters of the town, by day, since 2023. The values are as the counters gave them; days without a value are left out.",
  });
  const versions = await call(base, "producer", "GET", `/api/2/history/dataset/${draft.id}/`);
  const first = versions.data.at(-1).version;

  await call(base, "admin", "POST", `/api/1/organizations/${organization}/membership/`, { comment: "I keep the roads of the region and publish their works." });

  return [
    { name: "admin-overview", path: "/en/admin", as: "producer", documented: true },
    { name: "admin-publish", path: `/en/admin/datasets/${draft.id}/publish`, as: "producer", act: to("h1"), documented: true },
    { name: "admin-files", path: `/en/admin/datasets/${draft.id}/files`, as: "producer", act: to("#add-files") },
    { name: "admin-bulk", path: `/en/admin/organizations/${organization}/datasets`, as: "producer", act: tickTwo + to("h1"), documented: true },
    { name: "admin-requests", path: `/en/admin/organizations/${organization}/members/requests`, as: "producer", act: to("h1"), documented: true },
    { name: "admin-history", path: `/en/admin/history/dataset/${draft.id}/${first}`, as: "producer", act: to("h1"), documented: true },
    { name: "admin-jobs", path: "/en/admin/site/jobs", as: "admin", act: to("h1"), documented: true },
  ];
}

// Goes to a place of the page, which the pictures of one window begin with.
const to = (place) => `scrollTo({ top: document.querySelector("${place}").getBoundingClientRect().top + scrollY - 60, behavior: "instant" });`;

// Ticks the first two rows.
const tickTwo = `
  for (const box of [...document.querySelectorAll("main tbody input[type=checkbox]")].slice(0, 2)) box.click();
`;
