/** Installs moto 5.2.5 into .tools/moto unless it is there, and returns the path of `moto_server`. */
export function ensureMoto(): Promise<string>;
