/** Who asks for what no person has asked for. No request can bear this name. */
export const KEELSON = 'Keelson';

/** Who asked for something, for people: of a request it is what the sender says, unchecked. */
export const senderText = (requestedBy: string): string =>
  requestedBy === KEELSON ? KEELSON : `${requestedBy} (as the sender says)`;
