/** What tests give for photos. */

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The file of one that shows a face. */
export const FACE = fileURLToPath(new URL("../../.photograph/astronaut.png", import.meta.url));

const GREY = ["-f", "lavfi", "-i", "color=gray:size=128x128", "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"];

/** A PNG that shows nobody. */
export const NO_FACE = execFileSync("ffmpeg", ["-v", "error", ...GREY]);
