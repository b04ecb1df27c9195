/**
 * Turns errors into failures of Temporal, for workers with KEELSON_PAYLOAD_KEYS: message and stack become a payload, which the codec encrypts. Temporal's SDK
 * loads it by `require` on the worker's main thread, and the bundle of workflows holds it too, where there is no environment: the worker says by
 * a global which way it is. Either way it reads failures of both kinds. [docs: Temporal, failure converter]
 */
const { DefaultFailureConverter } = require('@temporalio/common');

exports.failureConverter = new DefaultFailureConverter({
  encodeCommonAttributes: globalThis.keelsonEncryptsFailures === true,
});
