import { alike, type KnownErrors } from './known.js';

/** Codes of Node and of the AWS SDK for failures of the network. [docs: Node errors; Smithy HTTP handler] */
export const NETWORK_ERRORS: KnownErrors = {
  ...alike('network', 'transient', 'see that the worker reaches AWS', [
    'ECONNABORTED',
    'ECONNREFUSED',
    'ECONNRESET',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EPIPE',
    'ETIMEDOUT',
    'TimeoutError',
    'AbortError',
    'NetworkingError',
  ]),
  ...alike('network', 'transient', 'see whether a proxy or a gateway answers in place of AWS', ['UnreadableAnswer']),
  ...alike(
    'network',
    'transient',
    'see that the worker resolves names; a region that does not exist has no address either',
    ['EAI_AGAIN', 'ENOTFOUND', 'UnknownEndpoint'],
  ),
};
