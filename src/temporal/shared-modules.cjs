'use strict';
/*
 * Temporal's SDK freezes what modules export that workflows share, and all that hangs on it. zod notes parts of a schema in the schema, and the place in a pattern, when they
 * are first asked for, which something frozen refuses. The SDK looks at nothing below what is frozen already: so what each of these modules exports is fixed
 * here, and what hangs on it is not. The model and zod keep nothing of a workflow in it. [@temporalio/worker 1.24: workflow/reusable-vm.js, deepFreeze; docs/adr/0071]
 */
for (const id of Object.keys(__webpack_modules__)) {
  const shared = /\/dist\/model\/|\/node_modules\/zod\//.test(id) ? globalThis.__webpack_module_cache__[id] : undefined;
  if (shared !== undefined) Object.freeze(shared.exports);
}
