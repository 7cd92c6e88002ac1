import type { NoteFields } from './repository.ts';

const subjects = [
  'Shopping',
  'Meeting with Zoë',
  'Ideas',
  '旅行の計画',
  'Büro',
  'Рецепт',
  'Books to read',
  '🌱 Garden',
];
const sentences = [
  'Buy oat milk, bread and two lemons.',
  'Ask whether Thursday suits everyone.',
  'The second chapter needs an example that fails.',
  '京都駅で九時に会う。',
  'Schlüssel liegt beim Nachbarn 🔑',
  'Свёкла, капуста, укроп.',
  'Water the tomatoes before noon.',
];

const pick = (list: readonly string[], index: number) => list[index % list.length] ?? '';

/** The same varied notes every time: several scripts, and bodies from nothing to a few paragraphs. */
export function sampleNote(index: number): NoteFields {
  const lines = (index * 7) % 12;
  return {
    title: `${pick(subjects, index)} ${index + 1}`,
    body: Array.from({ length: lines }, (_, line) => pick(sentences, index + line * 3)).join('\n'),
  };
}
