// Reads the doc comments and the declared types of the SDK's models: what a schema does not tell.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** @returns by `Structure.member`: `{ html, declared }`, the comment on one line and the type as it stands there */
export function docsOf(service) {
  const folder = join('node_modules/@aws-sdk', `client-${service}`, 'dist-types/models');
  const docs = new Map();
  for (const name of readdirSync(folder).filter((one) => /^models_\d+\.d\.ts$/.test(one))) {
    const text = readFileSync(join(folder, name), 'utf8');
    const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, false);
    for (const statement of source.statements) {
      if (!ts.isInterfaceDeclaration(statement)) continue;
      for (const member of statement.members.filter(ts.isPropertySignature)) {
        const declared = member.type === undefined ? '' : text.slice(member.type.pos, member.type.end).trim();
        const comments = (member.jsDoc ?? []).map(({ pos, end }) => plain(text.slice(pos, end)));
        docs.set(`${statement.name.text}.${member.name.text}`, { html: comments.join(' '), declared });
      }
    }
  }
  return docs;
}

const plain = (comment) =>
  comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/^\s*\* ?/gm, ' ')
    .replace(/@(public|deprecated|internal)\b.*/g, '')
    .replace(/\s+/g, ' ')
    .trim();

/** The comment's words without its markup, sentence by sentence. */
export function sentencesOf(html) {
  return html
    .replace(/<\/(p|li|note)>/g, ' ¶ ')
    .replace(/<[^>]+>/g, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .split(/(?<=[.;])\s+(?=[A-Z(])|¶/)
    .map((sentence) => sentence.replace(/\s+/g, ' ').trim())
    .filter((sentence) => sentence !== '');
}
