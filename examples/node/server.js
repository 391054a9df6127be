#!/usr/bin/env node
// Writes out/NAME.conf for a site, and takes it away when the site goes.
//
// A web server: the body of each POST is a JSON document (the site, and the certificates that it names), the status of the answer says how it went, its body what became of the site. Node's standard
// library is all it needs. See README.md.
"use strict";

const fs = require("node:fs/promises");
const http = require("node:http");
const path = require("node:path");

// The most that the daemon sends.
const MOST = 8 << 20;
// Beside this file, wherever the server was started from.
const OUT = path.join(__dirname, "out");

// Wrong until somebody changes the entry.
class Refused extends Error {
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

const ready = (status, reason, message) => ({ conditions: [{ type: "Ready", status, reason, message }] });

// Whether a value is a text that is of this form. Whatever goes into the configuration is looked at: a value must not become a directive.
const looks = (value, pattern) => typeof value === "string" && pattern.test(value);

function checked({ port, root, hosts }) {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Refused("BadPort", "spec.port must be a number");
  }
  if (!looks(root, /^\//)) {
    throw new Refused("BadRoot", "spec.root must be an absolute path");
  }
  if (!looks(root, /^[A-Za-z0-9._/-]*$/)) {
    throw new Refused("BadRoot", "spec.root must be of letters, digits, dots, dashes and slashes");
  }
  if (!Array.isArray(hosts) || hosts.length === 0 || !hosts.every((host) => looks(host, /^[A-Za-z0-9.-]+$/))) {
    throw new Refused("BadHosts", "spec.hosts must be a list of host names");
  }
  return { port, root, hosts };
}

function configuration(name, { port, root, hosts }, certificates) {
  const lines = [
    `# Written by trimtab for site/${name}; changes made here will be lost.`,
    "server {",
    `    listen ${port} ssl;`,
    `    server_name ${hosts.join(" ")};`,
    `    root ${root};`,
  ];
  for (const { certificate, key, serial } of certificates) {
    if (![certificate, key].every((file) => looks(file, /^[A-Za-z0-9._/-]+$/))) {
      throw new Refused("BadCertificate", "a certificate must name its files by letters, digits, dots, dashes and slashes");
    }
    lines.push(`    ssl_certificate ${certificate};`, `    ssl_certificate_key ${key};`);
    lines.push(`    # serial ${String(serial ?? "").replace(/[^A-Za-z0-9:]/g, "")}`);
  }
  return [...lines, "}", ""].join("\n");
}

// Replaces a file, whole or not at all; one that is as it should be is left alone.
async function makeSo(file, text) {
  const there = path.join(OUT, file);
  const found = await fs.readFile(there, "utf8").catch((error) => {
    if (error.code !== "ENOENT") throw error;
  });
  if (found === text) return;
  await fs.mkdir(OUT, { recursive: true });
  const written = path.join(OUT, `.${file}.new`);
  await fs.writeFile(written, text);
  await fs.rename(written, there);
  console.error(`wrote out/${file}`);
}

async function reconcile({ request, entry, deleting, references }) {
  const { name, namespace } = request;
  // A name may hold more than a file name should. Nothing was ever written for such a site.
  const writable = looks(name, /^[A-Za-z0-9-][A-Za-z0-9.-]*$/);
  const file = `${namespace === "default" ? name : `${namespace}--${name}`}.conf`;

  if (deleting) {
    if (writable) await fs.rm(path.join(OUT, file), { force: true });
    return { finalized: true };
  }
  if (entry === null) return {}; // gone, and cleaned up before it went
  if (!writable) throw new Refused("BadName", "the name must be of letters, digits, dots and dashes");
  const site = checked(entry.spec);

  // A certificate that is not there is no reason to fail: when it comes, this is asked again.
  if (references.some((reference) => reference.entry === null)) {
    return { status: ready("False", "CertificateMissing", "a certificate that the site names is not there yet") };
  }
  await makeSo(file, configuration(name, site, references.map((reference) => reference.entry.spec)));
  return { status: ready("True", "Written", `written out/${file}`) };
}

async function body(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MOST) throw new Error(`more than ${MOST} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

// Status code, content type and body.
async function answer(request) {
  if (request.method !== "POST" || request.url !== "/reconcile") {
    return [404, "text/plain", "POST /reconcile is all there is"];
  }
  try {
    return [200, "application/json", JSON.stringify(await reconcile(await body(request)))];
  } catch (error) {
    if (error instanceof Refused) {
      const status = ready("False", error.reason, error.message);
      return [422, "application/json", JSON.stringify({ status })];
    }
    return [500, "text/plain", error.message];
  }
}

const server = http.createServer(async (request, response) => {
  const [status, type, text] = await answer(request);
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
});

server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/reconcile`);
});
