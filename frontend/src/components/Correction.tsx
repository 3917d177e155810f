import { type FormEvent, type KeyboardEvent, type ReactElement, useId, useState } from "react";
import type { Option } from "../api/types";
import { MOST_CHARACTERS } from "../config";
import * as copy from "../copy";

interface Props {
  text: string;
  /** What there is to choose from; then nothing is typed. */
  choices?: Option[];
  onSave: (text: string) => void;
  onCancel: () => void;
}

export function Correction({ text, choices = [], onSave, onCancel }: Props): ReactElement {
  const id = useId();
  const [draft, setDraft] = useState(text);
  const changed = draft.trim() !== "" && draft.trim() !== text.trim();

  const save = (event: FormEvent): void => {
    event.preventDefault();
    if (changed) onSave(draft.trim());
  };
  const escape = (event: KeyboardEvent): void => {
    if (event.key === "Escape") onCancel();
  };

  if (choices.length > 0) {
    return (
      <div className="correction" role="group" aria-label={copy.conversation.correctLabel} onKeyDown={escape}>
        <p>{copy.conversation.correctLabel}</p>
        <div className="choices">
          {choices.map((option, index) => (
            <button
              key={option.code}
              type="button"
              className="secondary option"
              autoFocus={index === 0}
              onClick={() => onSave(option.label)}
            >
              {option.label}
            </button>
          ))}
        </div>
        <button type="button" className="text-button" onClick={onCancel}>
          {copy.conversation.cancel}
        </button>
      </div>
    );
  }
  return (
    <form className="correction" onSubmit={save} onKeyDown={escape}>
      <label htmlFor={id}>{copy.conversation.correctLabel}</label>
      <textarea
        id={id}
        value={draft}
        maxLength={MOST_CHARACTERS}
        rows={Math.min(8, 2 + Math.floor(text.length / 60))}
        autoFocus
        autoComplete="off"
        dir="auto"
        onChange={(event) => setDraft(event.target.value)}
      />
      <div className="row">
        <button type="submit" className="primary" disabled={!changed}>
          {copy.conversation.saveCorrection}
        </button>
        <button type="button" className="secondary" onClick={onCancel}>
          {copy.conversation.cancel}
        </button>
      </div>
    </form>
  );
}
