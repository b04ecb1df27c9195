'use strict';
/*
 * Takes the place of AsyncLocalStorage in workflows: all of them share one real storage. Node 20 and 22 propagate each enabled storage to each new promise, and each
 * workflow has storages of its own; so with a thousand workflows in the cache each promise of each workflow got thousands of properties, which took three quarters of
 * the CPU time of workflows, and gigabytes. [Node 20: lib/async_hooks.js, storageHook; @temporalio/workflow 1.24: internals.js, currentRandomStorage; docs/adr/0085]
 *
 * Each instance is a key: what one workflow stores is found by none of the others, whatever is propagated.
 */
const { AsyncLocalStorage } = globalThis;
const real = new AsyncLocalStorage('all of the workflows');

module.exports = class OneStorage {
  constructor(name = 'anonymous') {
    this.name = name;
  }

  getStore() {
    return real.getStore()?.get(this);
  }

  run(store, callback, ...args) {
    const stores = real.getStore();
    if (Object.is(store, stores?.get(this))) return callback(...args);
    return real.run(new Map(stores).set(this, store), callback, ...args);
  }

  exit(callback, ...args) {
    return this.run(undefined, callback, ...args);
  }

  enterWith(store) {
    real.enterWith(new Map(real.getStore()).set(this, store));
  }

  /** A workflow that ends leaves nothing behind: what it has stored goes with its promises. The others go on. */
  disable() {}
};
