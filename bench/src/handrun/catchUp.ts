import { LOG_SHAPES } from '../projector/fillShapedLog.ts';
import { measureCatchUp } from '../projector/measureCatchUp.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

export const catchUp: HandrunBench = {
  name: 'catch-up',
  summary: 'How fast a projector process catches up from an empty table, beside its baseline and the log read alone.',
  parameters: '[jobs = 100000] [shapes = concurrent,backlog]',
  async run(args) {
    const [jobs] = numbersOf(args, 100_000);
    const wanted = args[1]?.split(',') ?? LOG_SHAPES;
    await measureCatchUp(
      jobs,
      LOG_SHAPES.filter((shape) => wanted.includes(shape)),
    );
  },
};
