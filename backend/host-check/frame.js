/**
 * Stands where the card stands and looks at the page around it: what it is told, and what it gets for what it asks. It tells
 * the checking process, which judges. docs/host/README.md, chapter 2.
 */
const PROTOCOL = 'rmo-embed';
const query = new URLSearchParams(location.search);
const embed_id = query.get('embed_id') ?? '';
/** What came from the page that shows us. */
const heard = [];
let wake = () => {};

addEventListener('message', (event) => {
  if (event.source !== parent) return;
  heard.push(event.data);
  wake();
});
addEventListener('resize', () => wake());

function post(type, payload) {
  const id = crypto.randomUUID();
  parent.postMessage({ p: PROTOCOL, v: 1, type, id, payload }, '*');
  return id;
}

/** Looks again at every message and every new size; null after so many milliseconds. */
async function until(look, withinMs) {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = look();
    const left = end - performance.now();
    if (found || left <= 0) return found || null;
    await new Promise((resume) => {
      wake = resume;
      setTimeout(resume, left);
    });
  }
}

const got = (type, re) =>
  heard.find(
    (message) =>
      message?.p === PROTOCOL && message.v === 1 && message.type === type && (!re || message.re === re),
  );

post('ready', { embed_id: `not ${embed_id}` });
const strangerAnswered = (await until(() => got('init'), 700)) !== null;
heard.length = 0;

let init = null;
for (const pauseMs of [250, 750, 2000, 5000]) {
  if (!init) post('ready', { embed_id });
  init ??= await until(() => got('init'), pauseMs);
}
const asked = init ? post('token.request', { reason: 'expiring' }) : null;
const fresh = asked ? await until(() => got('token.response', asked), 8000) : null;

// Neither of them is what it was before.
const heights = [];
for (const height of [431, 977]) {
  post('resize', { height });
  heights.push({
    asked: height,
    got: (await until(() => innerHeight === height && height, 2000)) ?? innerHeight,
  });
}

await fetch('/host-check/frame', {
  method: 'POST',
  body: JSON.stringify({
    query: Object.fromEntries(query),
    referrer: document.referrer,
    strangerAnswered,
    init: init?.payload ?? null,
    fresh: fresh?.payload ?? null,
    heights,
  }),
});
document.body.textContent = 'host:check has seen this page. It may be closed.';
