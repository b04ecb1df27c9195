import { Document, isScalar, Scalar, visit } from 'yaml';

/** Text of blanks, tabs and line breaks alone. */
const BLANK = /^[ \t\n]*\n[ \t\n]*$/;

/**
 * Returns the value as YAML that reads back as what it was; no line of it is broken. The library writes a blank before a line break as a block
 * whose blank is lost when it is read: such text is quoted. [yaml 2.9: stringifyString]
 *
 * @param quotes tells which other texts are to be in double quotes
 */
export function yamlOf(value: unknown, quotes: (text: string) => boolean = () => false): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (isScalar(node) && typeof node.value === 'string' && (BLANK.test(node.value) || quotes(node.value)))
        node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0 });
}
