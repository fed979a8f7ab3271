"""Who is speaking: embeddings, segmentation, clustering as speech goes on."""
