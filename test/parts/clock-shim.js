// Given to Node with --import: the clock of this process is off by the milliseconds in the file THAW_TEST_CLOCK, read anew at each look, as
// when somebody sets the clock of the host. The time since the machine started goes on as it is.
import { readFileSync } from 'node:fs';

const RealDate = Date;

function offsetMs() {
  try {
    return Number(readFileSync(process.env.THAW_TEST_CLOCK, 'utf8'));
  } catch {
    return 0;
  }
}

globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [RealDate.now() + offsetMs()] : given));
  }
  static now() {
    return RealDate.now() + offsetMs();
  }
};
