import * as z from 'zod';
import { duration, text } from './field.js';

/** Bytes that all texts of the document may have together: the document itself has at most 256 KiB. */
export const MOST_CONTENT = 192 * 1024;

/** Text of a separate file; `rules/contents.ts` checks it. */
export const content = (description: string, example: string) =>
  z
    .string()
    .min(1)
    .max(MOST_CONTENT)
    .meta({ description, examples: [example] });

/** Path at which the CLI finds the text; Keelson keeps the text itself. */
export const localFile = text(
  /^[^\0]{1,1000}$/,
  'is not a path',
  'In place of the text: a file beside the document. The CLI reads it and stores its text with the document.',
  'files/registries.yaml',
).optional();

const nodeFile = z
  .strictObject({
    path: text(
      /^\/[A-Za-z0-9._/@+-]{1,200}$/,
      'is not an absolute path of letters, digits and . _ / @ + -',
      'Where the file is on the node.',
      '/etc/rancher/k3s/registries.yaml',
    ),
    content: content('What the file holds.', 'mirrors: {}').optional(),
    file: localFile,
    mode: text(/^0[0-7]{3}$/, 'is not a file mode of four octal digits', 'Mode of the file.', '0600').default('0600'),
  })
  .describe('A file of the node; its owner is root.');

/** What a node gets besides K3s. */
export const node = z
  .strictObject({
    files: z
      .array(nodeFile)
      .max(50)
      .default([])
      .describe(
        'Files of the node, written before K3s starts. A change writes them again and restarts K3s: servers one at a time, agents as upgrade.maxUnavailable allows; a file that is taken out is removed.',
      ),
    before: content(
      'A bash script that runs as root once on each new node, before K3s is installed. It must bear being run twice.',
      'dnf install -y nfs-utils',
    ).optional(),
    after: content(
      'A bash script that runs as root once on each new node, after K3s has started. It must bear being run twice.',
      'systemctl enable --now my-agent',
    ).optional(),
    timeout: duration('How long each of the scripts may take, at most 30m.', '5m').default('5m'),
  })
  .prefault({})
  .describe('Files and scripts of each node.');
