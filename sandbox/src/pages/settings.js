import { call, clock, every, t, toast } from './shell.js';

const form = document.getElementById('settings');
const error = document.getElementById('settings-error');

const READERS = {
  number: ({ value }) => (value === '' ? null : Number(value)),
  switch: ({ checked }) => checked,
  code: ({ value }) => value || null,
  lines: ({ value }) =>
    value
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
};

function written() {
  const patch = {};
  for (const control of form.elements) {
    if (!control.name) continue;
    const [first, second] = control.name.split('.');
    const value = READERS[control.dataset.kind](control);
    if (second) (patch[first] ??= {})[second] = value;
    else patch[first] = value;
  }
  return patch;
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  error.hidden = true;
  try {
    await call('PUT', '/sandbox/settings', written());
    toast(t('saved'), 'success');
  } catch (problem) {
    error.textContent = problem.message;
    error.hidden = false;
  }
});

document.getElementById('reset').addEventListener('click', async () => {
  await call('DELETE', '/sandbox/settings');
  location.reload();
});

every(2000, async () => {
  for (const row of document.querySelectorAll('tr[data-tenant]')) {
    const stats = await call('GET', `/sandbox/ledger/stats?tenant=${row.dataset.tenant}`);
    for (const cell of row.querySelectorAll('[data-stat]')) {
      const value = stats[cell.dataset.stat];
      cell.textContent = cell.dataset.stat === 'lastAt' ? (value ? clock(value) : '—') : value;
    }
  }
  const { delivered, retried, dropped, pending } = await call('GET', '/sandbox/webhooks/stats');
  document.getElementById('webhooks').value = [delivered, retried, dropped, pending].join(' / ');
});
