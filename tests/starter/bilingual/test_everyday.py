from fledge.starter.bilingual.everyday import EverydaySentence, everyday_sentences


def test_there_are_forty_sentences_with_translations():
    sentences = everyday_sentences()
    assert len({sentence.english for sentence in sentences}) == len(sentences) == 40
    for sentence in sentences:
        assert sentence.french and len(set(sentence.french)) == len(sentence.french)
        assert all(sentence.accepts(french) for french in sentence.french)


def test_a_translation_is_accepted_letter_by_letter():
    sentence = EverydaySentence("I am sad.", ("Je suis triste.", "Je suis malheureux."))
    assert sentence.accepts("Je suis triste.") and sentence.accepts("Je suis  malheureux. ")
    assert not sentence.accepts("je suis triste.") and not sentence.accepts("Je suis triste")
