/** What to install where no time-skipping test server can be had. */
export const TEST_SERVER_REMEDY: string;
/** Path of an executable that takes a port, or undefined where only the SDK's own download is left. */
export function findTestServer(): string | undefined;
