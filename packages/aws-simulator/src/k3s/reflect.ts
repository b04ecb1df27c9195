/**
 * @peculiar/x509 asks for a reflect polyfill when it is loaded, for decorators that it doesn't use on our way. Imported
 * before it, this says that there is no metadata.
 */
if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, {
    getMetadata: () => undefined,
    getOwnMetadata: () => undefined,
    hasMetadata: () => false,
    defineMetadata: () => undefined,
  });
}
