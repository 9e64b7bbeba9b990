import { Help, type Command, type HelpConfiguration } from 'commander';

/** The heading of options that many commands have; it stands after those of the command itself. */
export const CONNECTION_OPTIONS = 'Connection and output:';

/** How help is laid out: what is special to a command comes first. */
export const helpLayout: HelpConfiguration = {
  visibleOptions(command: Command) {
    const options = Help.prototype.visibleOptions.call(this, command);
    const isCommon = ({ helpGroupHeading }: (typeof options)[number]) => helpGroupHeading === CONNECTION_OPTIONS;
    return [...options.filter((option) => !isCommon(option)), ...options.filter(isCommon)];
  },
  groupItems: (_declared, visible, groupOf) => Help.prototype.groupItems(visible, visible, groupOf),
};

/** The last section of a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
}
