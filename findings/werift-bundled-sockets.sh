#!/usr/bin/env bash
# werift, a WebRTC peer for Node: where two sections go into one bundle, the sockets of the second stay open for ever.
#
# Seen: werift 0.25.2 of npm, Node 20. A peer with bundlePolicy "max-compat" gathers candidates for each m-section. The answer puts both
# into one bundle, and connectionState becomes "connected"; the transport of the second section is then forgotten, and close() does not
# reach it: two UDP sockets (IPv4 and IPv6) are left for each such call, and the process never ends by itself. With "max-bundle" none is.
#
# Why it matters: "max-compat" is the policy nearest to what browsers do, and what peers meet that do not bundle. An agent that makes many
# calls runs out of sockets, and a test that passed hangs. Whoever needs that policy keeps iceTransports before the answer, and stops each.
set -euo pipefail

work=$(mktemp -d "${TMPDIR:-/tmp}/werift-bundled-sockets.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{ "type": "module" }' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts werift@0.25.2

cat >call.js <<'JS'
import { setTimeout as sleep } from "node:timers/promises";
import { RTCPeerConnection, useH264, useOPUS } from "werift";

const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "UDPWrap").length;

async function left(bundlePolicy) {
  const peer = (settings) =>
    new RTCPeerConnection({ codecs: { audio: [useOPUS()], video: [useH264()] }, iceServers: [], ...settings });
  const [caller, called] = [peer({ bundlePolicy }), peer({})];
  for (const kind of ["video", "audio"]) caller.addTransceiver(kind, { direction: "recvonly" });
  await caller.setLocalDescription(await caller.createOffer());
  await called.setRemoteDescription(caller.localDescription);
  await called.setLocalDescription(await called.createAnswer());
  await caller.setRemoteDescription(called.localDescription);
  for (let turn = 0; turn < 200 && caller.connectionState !== "connected"; turn++) await sleep(50);
  const state = caller.connectionState;
  await Promise.all([caller.close(), called.close()]);
  await sleep(2000);
  console.log(`${bundlePolicy}: ${state}; after close() ${sockets()} sockets are open`);
  return state === "connected" ? sockets() : Number.NaN;
}

const found = [await left("max-bundle"), await left("max-compat")];
process.exit(found[0] === 0 && found[1] > 0 ? 0 : 1);
JS
node call.js || { echo "changed"; exit 1; }
