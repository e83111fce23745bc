"""A sentence of a review against what is known of its work: words, vectors, rules, and the stage that weighs them."""

from spoilerguard.matching.prepared import Matches, PreparedStories, PreparedStory, of_length_one
from spoilerguard.matching.rare_words import RareWords
from spoilerguard.matching.stage import STORY_FEATURES, StoryFeature, StoryStage, StoryWeights, story_features
from spoilerguard.matching.words import Phrases, rule_words, words_of

__all__ = [
    "STORY_FEATURES",
    "Matches",
    "Phrases",
    "PreparedStories",
    "PreparedStory",
    "RareWords",
    "StoryFeature",
    "StoryStage",
    "StoryWeights",
    "of_length_one",
    "rule_words",
    "story_features",
    "words_of",
]
