/** The bundle of a node's own files. The counterpart of lib/files.sh, without hooks and environment: those are for processes. */
import { load } from '../bucket.js';
import { names, read, remove, STATE, sha256, write } from '../files.js';
import type { Job } from '../job.js';
import { awaitApi } from '../nodes.js';

const FOLDER = `${STATE}/files`;
const REMOVED = `${FOLDER}/removed`;
const MANIFESTS = '/var/lib/rancher/k3s/server/manifests';
const OWN = /^keelson-(.*)\.yaml$/;

/** Puts the bundle in place, where there is one; what an earlier one has left and this one has not goes: `gone=`. */
export async function takeFiles(job: Job): Promise<void> {
  const { machine } = job;
  const sum = job.param('FILES_SHA256');
  if (sum === '') return;
  const text = await load(
    job,
    'FILES_GET',
    'the files of this node in the bucket',
    'BucketMissing',
    'check bucket and key',
  );
  if (sha256(text) !== sum)
    job.fail(
      'FilesChanged',
      'the files of this node in the bucket are not those that Keelson has put there',
      'see who else writes to the bucket; keelson retry stores them again',
    );
  const files: string[] = [];
  const manifests: string[] = [];
  for (const line of text.toString('utf8').split('\n')) {
    const [kind, mode = '', name = '', data = ''] = line.split(' ');
    const content = Buffer.from(data, 'base64').toString('utf8');
    if (kind === 'hook') job.fail('NotOnPaper', `nodes on paper do not run node.${name}`, 'use nodes that run scripts');
    if (kind === 'file') {
      write(machine, name, content, Number.parseInt(mode, 8));
      files.push(name);
    }
    if (kind === 'manifest') {
      const path = `${MANIFESTS}/keelson-${name}.yaml`;
      if (read(machine, path) !== content) write(machine, path, content);
      manifests.push(name);
    }
  }
  for (const name of read(machine, `${FOLDER}/files`).split('\n'))
    if (name !== '' && !files.includes(name)) remove(machine, name);
  const gone = names(machine, MANIFESTS)
    .flatMap((file) => OWN.exec(file)?.[1] ?? [])
    .filter((name) => !manifests.includes(name))
    .sort();
  for (const name of gone) {
    // Aside and not away: what it has made is deleted by it.
    write(machine, `${REMOVED}/${name}.yaml`, read(machine, `${MANIFESTS}/keelson-${name}.yaml`));
    remove(machine, `${MANIFESTS}/keelson-${name}.yaml`);
  }
  if (gone.length > 0) job.result('gone', gone.join());
  write(machine, `${FOLDER}/files`, files.join('\n'));
  write(machine, `${FOLDER}/bundle`, text);
}

/** Deletes what manifests have made that the document no longer has: `deleted=`, `left=`. */
export async function deleteManifests(job: Job): Promise<void> {
  const { machine } = job;
  await awaitApi(job, 20);
  const wanted = job
    .param('MANIFESTS_GONE')
    .split(' ')
    .filter((name) => name !== '');
  const left = wanted.filter((name) => read(machine, `${REMOVED}/${name}.yaml`) === '');
  const there = wanted.filter((name) => !left.includes(name));
  for (const name of there) {
    const file = machine.path(`${REMOVED}/${name}.yaml`);
    const { exit, stderr } = await job.run('kubectl', 'delete', '--ignore-not-found', '-f', file);
    if (exit !== 0)
      job.fail(
        'ManifestNotDeleted',
        `resources of manifest ${name} are not deleted: ${stderr.trim()}`,
        'check the resources, and who holds them',
      );
    await job.run('kubectl', 'delete', '--ignore-not-found', `addons.k3s.cattle.io/keelson-${name}`);
    remove(machine, file);
  }
  job.result('deleted', there.length);
  if (left.length > 0) job.result('left', left.join());
}
