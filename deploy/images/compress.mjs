// node compress.mjs FOLDER [PART]: beside every file that gains by it, put FILE.gz and FILE.br, which nginx
// (gzip_static) and ServeStatic serve as they are. With PART, only below folders of that name. What comes out
// depends on the files alone: no times, no names inside.
import { readdirSync, readFileSync, utimesSync, statSync, writeFileSync } from "node:fs";
import { extname, join, sep } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const WORTH_IT = new Set([".css", ".html", ".ico", ".js", ".json", ".mjs", ".svg", ".txt", ".wasm", ".webmanifest", ".xml"]);
const SMALLEST = 512;
const GAIN = 0.95;

const [root, part] = process.argv.slice(2);
if (!root) {
  console.error("usage: node compress.mjs FOLDER [PART]");
  process.exit(2);
}

function brotli(data) {
  return brotliCompressSync(data, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: data.length },
  });
}

let files = 0;
let before = 0;
let after = 0;
const found = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && WORTH_IT.has(extname(entry.name)))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .filter((path) => !part || path.split(sep).includes(part))
  .sort();
for (const path of found) {
  const data = readFileSync(path);
  if (data.length < SMALLEST) continue;
  const { atime, mtime } = statSync(path);
  for (const [suffix, packed] of [
    [".gz", gzipSync(data, { level: 9 })],
    [".br", brotli(data)],
  ]) {
    if (packed.length > data.length * GAIN) continue;
    writeFileSync(path + suffix, packed);
    utimesSync(path + suffix, atime, mtime);
    if (suffix === ".br") after += packed.length;
  }
  files += 1;
  before += data.length;
}
console.log(`${files} files of ${Math.round(before / 1024)} kB compressed to ${Math.round(after / 1024)} kB (br)`);
