// Reads plain.safetensors with the npm package safetensors and writes its elements as JSON.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [pack, folder] = process.argv.slice(2);
const { SafeTensor } = await import(pathToFileURL(`${pack}/dist/safetensors.es.js`));
const file = new SafeTensor(new Uint8Array(readFileSync(`${folder}/plain.safetensors`)));
const all = {};
for (const [name, about] of file.metadata) {
  if (about.dtype !== "F32") throw new Error(`${name} is ${about.dtype}`);
  all[name] = [...new Float32Array(file.getTensor(name).slice().buffer)];
}
writeFileSync(`${folder}/read.json`, JSON.stringify(all));
