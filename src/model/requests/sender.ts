/** Sender of what no person has asked for. No request can bear this name. */
export const KEELSON = 'Keelson';

/** Sender of a request, for people: the sender's own words, unchecked. */
export const senderText = (requestedBy: string): string =>
  requestedBy === KEELSON ? KEELSON : `${requestedBy} (as the sender says)`;
