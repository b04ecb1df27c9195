/** A K3s release that Keelson is tested with: `init` writes it and `doctor` asks the mirror for it. */
export const TESTED_VERSION = 'v1.34.2+k3s1';
