// Marks the word being heard and plays from a word that is chosen. Times are milliseconds from
// the utterance's first sample.
(() => {
  "use strict";

  // The last word that has begun and not ended, by bisection; -1 in a pause.
  function wordAt(words, ms) {
    let low = 0;
    let high = words.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (words[middle].start <= ms) low = middle + 1;
      else high = middle;
    }
    const index = low - 1;
    return index >= 0 && ms < words[index].end ? index : -1;
  }

  function connect(utterance) {
    const audio = utterance.querySelector("audio");
    const words = [...utterance.querySelectorAll(".au-word")].map((button) => ({
      button,
      start: Number(button.dataset.start),
      end: Number(button.dataset.end),
    }));
    let marked = -1;

    function mark() {
      const index = wordAt(words, audio.currentTime * 1000);
      if (index === marked) return;
      if (marked >= 0) words[marked].button.removeAttribute("aria-current");
      if (index >= 0) words[index].button.setAttribute("aria-current", "true");
      marked = index;
    }

    // timeupdate comes four times a second, too seldom for words.
    function follow() {
      mark();
      if (!audio.paused && !audio.ended) requestAnimationFrame(follow);
    }

    function playFrom(ms) {
      const go = () => {
        audio.currentTime = ms / 1000;
        audio.play();
      };
      if (audio.readyState >= HTMLMediaElement.HAVE_METADATA) go();
      else {
        audio.addEventListener("loadedmetadata", go, { once: true });
        audio.load();
      }
    }

    audio.addEventListener("play", () => {
      // One voice at a time.
      for (const other of document.querySelectorAll("[data-utterance] audio")) {
        if (other !== audio) other.pause();
      }
      follow();
    });
    audio.addEventListener("seeked", mark);
    for (const word of words) word.button.addEventListener("click", () => playFrom(word.start));
  }

  document.querySelectorAll("[data-utterance]").forEach(connect);
})();
