// Puts a brotli copy beside every file of a folder that gains from it, so that the server sends it without compressing
// anything while somebody waits.

import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const [, , folder] = process.argv;
for (const name of readdirSync(folder, { recursive: true })) {
  const file = join(folder, name);
  if (!statSync(file).isFile() || !/\.(css|html|js|json|mjs|svg|txt|wasm)$/.test(file)) continue;
  const plain = readFileSync(file);
  const packed = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } });
  if (packed.length < plain.length * 0.95) writeFileSync(`${file}.br`, packed);
  console.error(`${String(plain.length).padStart(9)} → ${String(packed.length).padStart(8)}  ${name}`);
}
