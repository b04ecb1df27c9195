/**
 * @peculiar/x509 asks for a reflect polyfill at its load, for decorators that the simulator does not use. Imported before it, this module
 * has no metadata to give.
 */
if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, {
    getMetadata: () => undefined,
    getOwnMetadata: () => undefined,
    hasMetadata: () => false,
    defineMetadata: () => undefined,
  });
}
