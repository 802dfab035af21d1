/** The pages below a path of their own, behind a proxy that takes it away; and pages from elsewhere that call the API. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import { connect, createServer as createListener } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { BASE, launch } from "./browser.js";

const BELOW = "/avatar";
const ID = "01936b5e-0000-7000-8000-000000000001";

let browser;
const ends = [];

before(async () => (browser = await launch()));
after(() => browser?.close());
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server of the test's; its origin. */
async function serve(handler) {
  const server = createServer(handler);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** A proxy that has the demonstration below {@link BELOW}; notes the paths that lie elsewhere. */
async function below() {
  const strays = [];
  const origin = await serve((from, to) => {
    if (!from.url.startsWith(`${BELOW}/`)) {
      strays.push(from.url);
      to.writeHead(404).end();
      return;
    }
    const headers = { ...from.headers, "x-forwarded-prefix": BELOW };
    const onwards = ask(BASE + from.url.slice(BELOW.length), { method: from.method, headers }, (answer) => {
      to.writeHead(answer.statusCode, answer.headers);
      answer.pipe(to);
    });
    onwards.on("error", () => to.destroy());
    to.on("close", () => onwards.destroy());
    from.pipe(onwards);
  });
  return { origin, strays };
}

async function page(address) {
  const context = await browser.newContext({ locale: "en-US" });
  ends.push(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()} ${message.location().url}`);
  });
  await page.goto(address);
  return { page, complaints };
}

/** What becomes of a call that a page of `origin` makes. */
async function call(origin, address, options) {
  const { page: caller } = await page(`${origin}/`);
  return caller.evaluate(
    async ([address, options]) => {
      try {
        const answer = await fetch(address, options);
        return { status: answer.status, allow: answer.headers.get("Allow"), code: (await answer.json()).code };
      } catch (error) {
        return { error: error.name };
      }
    },
    [address, options],
  );
}

/** Pages without anything on them. */
const plain = () => serve((_, to) => to.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><link rel=icon href=data:>"));

describe("below a path of its own", () => {
  it("a text is played, and its film found", async () => {
    const { origin, strays } = await below();
    const { page: shown, complaints } = await page(`${origin}${BELOW}/realtime`);
    await shown.fill("#text", "Hello there, and welcome.");
    await shown.click("#play");
    await shown.waitForFunction(() => document.querySelector("video").currentTime > 0.5);
    await shown.locator("#download").waitFor({ state: "visible" });
    const film = await shown.request.get(await shown.$eval("#download", (link) => link.href));
    assert.equal(film.headers()["content-type"], "video/mp4");
    assert.match(await shown.textContent("#curl"), new RegExp(`${origin}${BELOW}/api/stream/start`));
    assert.deepEqual([complaints, strays], [[], []]);
  });

  it("sound alone is played, and its file found", async () => {
    const { origin, strays } = await below();
    const { page: shown, complaints } = await page(`${origin}${BELOW}/demo_audio`);
    await shown.fill("#text", "Hello there, and welcome.");
    await shown.click("#start");
    await shown.locator("#download").waitFor({ state: "visible" });
    await shown.waitForFunction(() => document.querySelector("audio").currentTime > 0.3);
    const file = await shown.request.get(await shown.$eval("#download", (link) => link.href));
    assert.equal(file.status(), 200);
    assert.deepEqual([complaints, strays], [[], []]);
  });

  it("every page has all that it needs, and leads to the others", async () => {
    const { origin, strays } = await below();
    const { page: first, complaints } = await page(`${origin}${BELOW}/`);
    const links = await first.$$eval(".links a", (links) => links.map((link) => link.href));
    assert.equal(links.length, 5);
    assert.equal(await first.textContent("#origin"), origin + BELOW);
    for (const link of links) {
      const answer = await first.goto(link, { waitUntil: "networkidle" });
      assert.equal(answer.status(), 200, link);
      assert.equal(await first.$eval(".brand", (brand) => brand.href), `${origin}${BELOW}/`);
    }
    assert.deepEqual([complaints, strays], [[], []]);
  });
});

describe("a page from elsewhere", () => {
  it("sees that PATCH is not taken, where clients of WHEP try it", async () => {
    const origin = await plain();
    for (const path of [`/whep/${ID}`, `/whep/${ID}/${ID}`]) {
      const seen = await call(origin, BASE + path, {
        method: "PATCH",
        headers: { "Content-Type": "application/trickle-ice-sdpfrag" },
        body: "a=end-of-candidates\r\n",
      });
      assert.equal(seen.status, 405, `${path}: ${JSON.stringify(seen)}`);
      assert.equal(seen.code, "method_not_allowed");
      assert.match(seen.allow, /OPTIONS/);
    }
  });

  it("sends cookies where it is listed with them, and nowhere else", async () => {
    const [own, other] = [await plain(), await plain()];
    const api = await nginx(`avatar_origins ${own} credentials=on; avatar_origins *;`);
    const speak = (credentials) => ({
      method: "POST",
      credentials,
      headers: { "Content-Type": "application/json", "X-Stainless-Lang": "js" },
      body: "{}",
    });
    const address = `${api}/v1/audio/speech`;
    for (const [origin, credentials, works] of [
      [own, "include", true],
      [own, "omit", true],
      [other, "omit", true],
      [other, "include", false],
    ]) {
      const seen = await call(origin, address, speak(credentials));
      assert.equal(seen.status === 400, works, `${origin} ${credentials}: ${JSON.stringify(seen)}`);
    }
  });
});

/** An nginx of the test's with the module, where a location says `directives`; its address. */
async function nginx(directives) {
  const directory = mkdtempSync(join(tmpdir(), "elsewhere-"));
  const free = createListener().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address();
  free.close();
  await once(free, "close");
  const module = process.env.AVATAR_MODULE ?? new URL("../../target/release/libngx_http_avatar_module.so", import.meta.url).pathname;
  const user = process.getuid() === 0 ? "user root;" : "";
  writeFileSync(
    join(directory, "nginx.conf"),
    `load_module ${module}; ${user} daemon off; worker_processes 1; pid nginx.pid; error_log error.log notice;
     events { worker_connections 64; }
     http {
         access_log off;
         client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
         server { listen 127.0.0.1:${port}; location / { avatar on; ${directives} } }
     }`,
  );
  const child = spawn("nginx", ["-p", directory, "-c", join(directory, "nginx.conf"), "-e", "stderr"], { stdio: "inherit" });
  const gone = once(child, "exit");
  ends.push(async () => {
    child.kill("SIGTERM");
    await gone;
    rmSync(directory, { recursive: true, force: true });
  });
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    // A refusal rejects this.
    const answered = await once(socket, "connect").then(() => true, () => false);
    socket.destroy();
    if (answered) return `http://127.0.0.1:${port}`;
    assert.equal(child.exitCode, null, "nginx did not start");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
