/**
 * What Whisper writes about silence, because the subtitles it learnt from end so. People say some of it too, so it counts
 * only where the model itself doubts that there is speech. English lists are long because most models hear English in noise.
 */
const phrases = [
  'you',
  'bye',
  'thank you',
  'thank you very much',
  'thank you so much',
  'thank you for watching',
  'thanks for watching',
  'thanks for listening',
  'please subscribe',
  'please subscribe to my channel',
  'see you next time',
  'see you in the next video',
  'subtitles by the amara org community',
  'untertitel der amara org community',
  'untertitelung des zdf',
  'untertitel im auftrag des zdf',
  'vielen dank',
  'sous titres réalisés par la communauté d amara org',
  'sous titrage société radio canada',
  'merci d avoir regardé cette vidéo',
  'subtítulos realizados por la comunidad de amara org',
  'gracias por ver el video',
  'gracias',
  'sottotitoli creati dalla comunità amara org',
  'sottotitoli e revisione a cura di qtss',
  'legendas pela comunidade amara org',
  'obrigado',
  'продолжение следует',
  'субтитры создавал dimatorzok',
  'спасибо за просмотр',
  'ご視聴ありがとうございました',
  'ありがとうございました',
  '시청해주셔서 감사합니다',
  '감사합니다',
  '谢谢观看',
  '字幕由amara org社区提供',
  '請不吝點贊訂閱轉發打賞支持明鏡與點點欄目',
];

const bare = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
const onlyPhrases = new RegExp(`^(?:(?:${phrases.map(bare).join('|')}) ?)+$`, 'u');

/** True when the text is nothing but such phrases. */
export const isSilencePhrase = (text: string): boolean => onlyPhrases.test(bare(text));
