// The worker: it loads the library, compiled while it streams, and passes questions on.
"use strict";

importScripts("{{.Exec}}");

const go = new Go();

// The compressed file, unpacked here: any host can serve it, whatever it knows of types and encodings.
async function stream() {
  const response = await fetch("notes.wasm.gz");
  if (!response.ok) throw new Error(response.status);
  const total = Number(response.headers.get("Content-Length")) || {{.Bytes}};
  let read = 0, said = -1;
  const counted = response.body.pipeThrough(new TransformStream({
    transform(chunk, controller) {
      read += chunk.length;
      const percent = Math.min(100, Math.round(100 * read / total));
      if (percent !== said) postMessage({ progress: said = percent });
      controller.enqueue(chunk);
    },
  }));
  const plain = counted.pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.instantiateStreaming(new Response(plain, { headers: { "Content-Type": "application/wasm" } }), go.importObject);
}

// Where that fails (no DecompressionStream, or a host that unpacks it on its way), the plain file, fetched anew.
async function whole() {
  const response = await fetch("notes.wasm");
  if (!response.ok) throw new Error(`notes.wasm: ${response.status}`);
  return WebAssembly.instantiate(await response.arrayBuffer(), go.importObject);
}

stream().catch(whole).then(
  ({ instance }) => go.run(instance),
).catch(error => postMessage({ failed: String(error) }));

onmessage = event => {
  const { id, figure, state, work } = event.data;
  answer(id, figure, state, work);
};
