/** Merges twenty clusters into a file, one by one: `tsx merge-many.ts FILE PREFIX`. */
import { editFiles } from '#src/cli/kubeconfig/file.js';
import { mergeKubeconfig } from '#src/cli/kubeconfig/merge.js';

const [path = '', prefix = ''] = process.argv.slice(2);
const access = { server: 'https://203.0.113.5:6443', ca: 'eA==', clientCertificate: 'eA==', clientKey: 'eA==' };
const { signal } = new AbortController();
for (let index = 0; index < 20; index += 1) {
  const name = `${prefix}${index}`;
  // Each merge sees its own cluster alone: an address and a CA of one's own.
  const own = { ...access, server: `https://${name}:6443` };
  await editFiles([{ path, edit: (text) => mergeKubeconfig(text, name, own, { use: false, replace: false }) }], signal);
}
